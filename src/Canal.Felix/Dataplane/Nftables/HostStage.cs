using System.Collections.Immutable;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// A place in the packet's way where host endpoints are asked. It has a dispatch chain, a verdict map from interface to endpoint's chain, and a chain for each
/// endpoint; all are named after it.
/// </summary>
/// <param name="Name">Name of the dispatch chain and the map, and beginning of the endpoints' chains.</param>
/// <param name="Policies">The tiers asked here.</param>
/// <param name="Direction">Ingress is dispatched by the interface that the packet came in by, egress by the one it leaves by.</param>
internal sealed record HostStage(string Name, PolicyStage Policies, Direction Direction)
{
    /// <summary>Packets to a process of this host.</summary>
    public static HostStage In { get; } = new("host-in", PolicyStage.Normal, Direction.Ingress);

    /// <summary>Packets from a process of this host.</summary>
    public static HostStage Out { get; } = new("host-out", PolicyStage.Normal, Direction.Egress);

    /// <summary>The same after DNAT, when the packet's interface is known, where denying is done with an answer: there none can be given.</summary>
    public static HostStage OutLate { get; } = new("host-out-late", PolicyStage.Normal, Direction.Egress);

    public static HostStage ForwardIn { get; } = new("host-forward-in", PolicyStage.Forward, Direction.Ingress);

    public static HostStage ForwardOut { get; } = new("host-forward-out", PolicyStage.Forward, Direction.Egress);

    public static HostStage UntrackedIn { get; } = new("host-untracked-in", PolicyStage.Untracked, Direction.Ingress);

    public static HostStage UntrackedOut { get; } = new("host-untracked-out", PolicyStage.Untracked, Direction.Egress);

    public static HostStage PreDnat { get; } = new("host-pre-dnat", PolicyStage.PreDnat, Direction.Ingress);

    public static ImmutableArray<HostStage> All { get; } = [In, Out, OutLate, ForwardIn, ForwardOut, UntrackedIn, UntrackedOut, PreDnat];

    /// <summary>Interface name to the chain of the endpoint that governs it.</summary>
    public NftSet Map { get; } = new(Name, NftKeyType.IfName, NftSetFlags.VerdictMap);
}
