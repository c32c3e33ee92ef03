namespace Canal.Linux.Routing;

/// <summary>What a <see cref="LinkMonitor"/> heard.</summary>
/// <param name="Kind">Whether <paramref name="Subject"/> is now so, or gone, or events were lost.</param>
/// <param name="Subject">Null for an overrun.</param>
/// <param name="PortId">nl_pid of whoever asked for the change; 0: the kernel itself (and, on older kernels, any change of a link).</param>
public readonly record struct KernelEvent(KernelEventKind Kind, KernelObject? Subject = null, uint PortId = 0)
{
    public override string ToString() => Subject is null ? "overrun" : $"{(Kind == KernelEventKind.Removed ? "removed " : "")}{Subject}";
}
