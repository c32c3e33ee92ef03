namespace Canal.Linux.Routing;

/// <summary>
/// Something rtnetlink lists, changes or tells of. Closed: <see cref="Link"/>, <see cref="LinkSettings"/>, <see cref="InterfaceAddress"/>, <see cref="Route"/>,
/// <see cref="RoutingRule"/>, <see cref="Neighbour"/>, <see cref="FdbEntry"/>, <see cref="InterfaceSettings"/>,
/// <see cref="Qdisc"/>, <see cref="IngressFilter"/>.
/// </summary>
public abstract record KernelObject
{
    private protected KernelObject()
    {
    }

    /// <summary>Kind and content in the notation of ip(8) and bridge(8): <c>route 10.65.0.10/32 dev caliw0 proto 80</c>.</summary>
    public abstract string Print(LinkNames names);

    public sealed override string ToString() => Print(LinkNames.None);
}
