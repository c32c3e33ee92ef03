namespace Canal.Linux.Routing;

/// <summary>What a <see cref="LinkMonitor"/> heard.</summary>
/// <param name="Kind">Whether <paramref name="Subject"/> is now so, or gone, or events were lost.</param>
/// <param name="Subject">Null for an overrun.</param>
/// <param name="PortId">nl_pid of whoever asked for the change; 0: the kernel itself (and, on older kernels, any change of a link).</param>
public readonly record struct KernelEvent(KernelEventKind Kind, KernelObject? Subject = null, uint PortId = 0)
{
    /// <summary>
    /// Neighbours and entries of bridges come, age and go all the time; those that programs make are permanent, and only their end or their replacement matters.
    /// </summary>
    public bool IsPassing => Subject is FdbEntry { Destination: null } || (Kind == KernelEventKind.Changed && Subject is Neighbour { State: not NeighbourState.Permanent });

    public override string ToString() => Subject is null ? "overrun" : $"{(Kind == KernelEventKind.Removed ? "removed " : "")}{Subject}";
}
