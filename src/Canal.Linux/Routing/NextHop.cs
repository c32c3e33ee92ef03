using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>One way of a multipath route.</summary>
/// <param name="Interface">Index of the link out.</param>
/// <param name="Gateway">Next router, or null when the destination is on the link.</param>
/// <param name="Weight">1 to 256.</param>
/// <param name="Onlink">The gateway need not be in an on-link prefix.</param>
public readonly record struct NextHop(int Interface, IpAddress? Gateway, int Weight = 1, bool Onlink = false)
{
    internal string Print(LinkNames names) =>
        $"nexthop{(Gateway is { } gateway ? $" via {gateway}" : "")} dev {names[Interface]} weight {Weight}{(Onlink ? " onlink" : "")}";
}
