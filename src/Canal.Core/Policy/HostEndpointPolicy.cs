using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>Everything a dataplane needs to know of one host endpoint of this node, but which interfaces it governs: that is for <see cref="HostEndpointResolution"/>.</summary>
public sealed record HostEndpointPolicy(ResourceKey Key)
{
    /// <summary>A name, <see cref="HostEndpoint.AllInterfaces"/>, or empty: then the interfaces are found by <see cref="ExpectedIps"/>.</summary>
    public string InterfaceName { get; init; } = "";

    public EquatableArray<IpAddress> ExpectedIps { get; init; }

    public StageTiers Normal { get; init; } = StageTiers.None;

    /// <summary>Empty for all interfaces: there such policies are ignored, as in Calico.</summary>
    public StageTiers Untracked { get; init; } = StageTiers.None;

    public StageTiers PreDnat { get; init; } = StageTiers.None;

    /// <summary>Empty means that nothing forwarded is denied here.</summary>
    public StageTiers Forward { get; init; } = StageTiers.None;

    /// <summary>Profiles that exist, in order. They are asked after the normal tiers only.</summary>
    public EquatableArray<string> Profiles { get; init; }

    public bool IsAllInterfaces => InterfaceName == HostEndpoint.AllInterfaces;

    /// <summary>The tiers of one stage.</summary>
    public StageTiers Tiers(PolicyStage stage) => stage switch
    {
        PolicyStage.Normal => Normal,
        PolicyStage.Untracked => Untracked,
        PolicyStage.PreDnat => PreDnat,
        _ => Forward,
    };
}
