namespace Canal.Core.Resources;

/// <summary>An owner's claim to a block; owner and block are in the key.</summary>
public sealed record IpamAffinity(AffinityState State, bool Deleted = false);
