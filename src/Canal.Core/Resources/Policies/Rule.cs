using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A rule of a policy or profile; all that is given must match.</summary>
public sealed record Rule
{
    public required RuleAction Action { get; init; }

    /// <summary>Null matches both families.</summary>
    public IpFamily? IpVersion { get; init; }

    /// <summary>As decoded its number is known: a rule of an unknown protocol is not decoded at all.</summary>
    public Protocol? Protocol { get; init; }

    public Protocol? NotProtocol { get; init; }

    public IcmpMatch? Icmp { get; init; }

    public IcmpMatch? NotIcmp { get; init; }

    public EntityRule Source { get; init; } = EntityRule.Empty;

    public EntityRule Destination { get; init; } = EntityRule.Empty;

    public HttpMatch? Http { get; init; }

    /// <summary>Of <c>metadata.annotations</c> inside the rule.</summary>
    public LabelMap Annotations { get; init; }
}
