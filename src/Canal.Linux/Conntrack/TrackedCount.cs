namespace Canal.Linux.Conntrack;

/// <summary>What the kernel counted of one direction of a connection.</summary>
public readonly record struct TrackedCount(long Packets, long Bytes);
