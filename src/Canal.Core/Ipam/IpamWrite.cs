namespace Canal.Core.Ipam;

/// <summary>One key that a plan writes, only if it is still at the revision the plan was made from.</summary>
/// <param name="Key">The etcd key.</param>
/// <param name="SeenRevision">0: it must not exist.</param>
/// <param name="Value">Null deletes it.</param>
public sealed record IpamWrite(string Key, long SeenRevision, byte[]? Value);
