namespace Canal.Linux.Routing;

/// <summary>
/// A filter for what comes in by a link. One that is written sends all of it to another link: u32 that matches everything, with the action mirred. There is matchall
/// for that too, but not in every kernel.
/// </summary>
/// <param name="Interface">Where it comes in; the link has an ingress qdisc.</param>
/// <param name="Target">Where it is sent; 0 when that link is gone, which drops the packets; null for a filter that does something else.</param>
public sealed record IngressFilter(int Interface, int? Target) : KernelObject
{
    /// <summary>Filters are asked by ascending number.</summary>
    public ushort Priority { get; init; } = 1;

    /// <summary>The kernel chooses when it is 0.</summary>
    public uint Handle { get; init; }

    public override string Print(LinkNames names) => $"filter dev {names[Interface]} ingress pref {Priority} u32 redirect dev {names[Target ?? 0]}";
}
