namespace Canal.Felix.Dataplane.Iptables;

/// <summary>How large a set of ours in the kernel is.</summary>
/// <param name="Most">How many members it has room for; it is said when the set is made, and cannot be changed.</param>
/// <param name="Count">How many it has.</param>
internal readonly record struct SetSize(long Most, long Count)
{
    /// <summary>A bitmap has room for all ports; how many there are does not matter.</summary>
    public static SetSize Ports { get; } = new(long.MaxValue, 0);
}
