namespace Canal.Core.Ipam;

/// <summary>A key that a plan relies on without writing it: the plan holds only while it is at this revision.</summary>
public readonly record struct IpamGuard(string Key, long Revision);
