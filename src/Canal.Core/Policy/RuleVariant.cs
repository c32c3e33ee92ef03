using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>
/// A conjunction that a packet filter can test in one rule. A compiled rule matches a packet when one of its variants does.
/// </summary>
public sealed record RuleVariant
{
    /// <summary>The only family this is for; null when nothing in it depends on the family.</summary>
    public IpFamily? Family { get; init; }

    public byte? Protocol { get; init; }

    public byte? NotProtocol { get; init; }

    /// <summary>Set only together with <see cref="Protocol"/> ICMP or ICMPv6 and the family that goes with it.</summary>
    public IcmpMatch? Icmp { get; init; }

    /// <summary>As <see cref="Icmp"/>.</summary>
    public IcmpMatch? NotIcmp { get; init; }

    public SideVariant Source { get; init; } = SideVariant.Any;

    public SideVariant Destination { get; init; } = SideVariant.Any;
}
