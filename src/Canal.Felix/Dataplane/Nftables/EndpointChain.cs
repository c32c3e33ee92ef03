using Canal.Core;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>What the chain of an endpoint for one direction is made of.</summary>
/// <param name="Name">Name of the chain.</param>
/// <param name="Owner">The endpoint, as comments say it.</param>
/// <param name="Direction">Seen from the endpoint.</param>
/// <param name="Tiers">In order.</param>
/// <param name="Profiles">Asked after the tiers, and a deny after them; null: what no tier decides is left to whatever comes next.</param>
internal sealed record EndpointChain(string Name, string Owner, Direction Direction, EquatableArray<TierPolicies> Tiers, EquatableArray<string>? Profiles)
{
    /// <summary>Rules before the first tier.</summary>
    public EquatableArray<NftRule> First { get; init; }

    /// <summary>Jumps to the policies' copies that deny without an answer.</summary>
    public bool IsLate { get; init; }

    /// <summary>The chain of a workload's interface.</summary>
    public static EndpointChain Of(EndpointPolicy endpoint, Direction direction) =>
        new(KernelNames.EndpointChain(endpoint.InterfaceName, direction), endpoint.DisplayName, direction, endpoint.Tiers(direction), endpoint.Profiles) { First = LimitChains.Connections(endpoint, direction) };
}
