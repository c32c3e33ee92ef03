using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>A policy's or profile's rule with its selectors turned into sets: what a dataplane renders.</summary>
/// <param name="Index">Place in the resource's list, from 0; an operator finds the rule by it.</param>
/// <param name="Action">What happens to a packet that matches.</param>
public sealed record CompiledRule(int Index, RuleAction Action)
{
    /// <summary>The only family the rule is for, or null.</summary>
    public IpFamily? Family { get; init; }

    /// <summary>IP protocol number, or null for any.</summary>
    public byte? Protocol { get; init; }

    /// <summary>IP protocol number that must not be, or null.</summary>
    public byte? NotProtocol { get; init; }

    public IcmpMatch? Icmp { get; init; }

    public IcmpMatch? NotIcmp { get; init; }

    public EntityMatch Source { get; init; } = EntityMatch.Any;

    public EntityMatch Destination { get; init; } = EntityMatch.Any;

    /// <summary>metadata.annotations as <c>key=value</c>, for people; may be empty.</summary>
    public string Note { get; init; } = "";
}
