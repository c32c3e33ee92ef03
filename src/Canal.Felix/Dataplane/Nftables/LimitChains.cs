using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Limits of workloads' traffic. They count for every packet, also of connections that policy allowed long ago, so they stand before it; a rule for each limit, and
/// a chain only while there is one. How many connections there may be is for the endpoint's own chain, how many bits a second for <see cref="Shaping.Shaper"/>.
/// </summary>
internal sealed class LimitChains(IEnumerable<EndpointPolicy> endpoints, FelixParameters parameters)
{
    /// <summary>After the check of source addresses, before connection tracking.</summary>
    private const int FromPriority = -299;

    /// <summary>Before any policy.</summary>
    private const int ToPriority = -2;
    private const int ManglePriority = -150;

    /// <summary>Calico's, where none is given.</summary>
    private const long PacketBurst = 5;

    /// <summary>The chains of limits of packets and of marks.</summary>
    public const string From = "limit-from", To = "limit-to", Dscp = "dscp";

    /// <summary>The chain that connections beyond a limit go to, and its rule that answers.</summary>
    public const string TooMany = "too-many-connections", Reset = "too many connections: reset";

    private const string OfConnections = "MaxConnections of ";

    private readonly NftRuleBuilder builder = new();
    private readonly EndpointPolicy[] limited = [.. endpoints.Where(e => e.Qos is not null)];

    public IEnumerable<RenderedChain> Render()
    {
        if (limited.Length == 0) yield break;
        if (Array.Exists(limited, e => e.Qos!.IngressMaxConnections is not null || e.Qos.EgressMaxConnections is not null)) yield return TooManyConnections();
        EquatableArray<NftRule> from = [.. limited.SelectMany(e => Limits(e, Direction.Egress))], to = [.. limited.SelectMany(e => Limits(e, Direction.Ingress))];
        EquatableArray<NftRule> marks = [.. limited.SelectMany(Marks)];
        if (!from.IsEmpty) yield return Hooked(From, NftHook.Prerouting, FromPriority, from);
        if (!to.IsEmpty) yield return Hooked(To, NftHook.Forward, ToPriority, to);
        if (!marks.IsEmpty) yield return Hooked(Dscp, NftHook.Postrouting, ManglePriority, marks);
    }

    /// <summary>What stands in the endpoint's own chain: how many connections may begin. Those that were there before the rule are not counted.</summary>
    public static EquatableArray<NftRule> Connections(EndpointPolicy endpoint, Direction direction)
    {
        if ((direction == Direction.Ingress ? endpoint.Qos?.IngressMaxConnections : endpoint.Qos?.EgressMaxConnections) is not { } most) return default;
        return [new NftRuleBuilder().ConnectionsOver((uint)Math.Min(most, uint.MaxValue)).Goto(TooMany).Build($"{DropReason.Word(direction)}{OfConnections}{endpoint.DisplayName}")];
    }

    /// <summary>A rule of this comment limits connections.</summary>
    public static bool IsOfConnections(string comment) =>
        comment.StartsWith(DropReason.Word(Direction.Ingress) + OfConnections, StringComparison.Ordinal) || comment.StartsWith(DropReason.Word(Direction.Egress) + OfConnections, StringComparison.Ordinal);

    private RenderedChain TooManyConnections() => new(TooMany, "connections beyond a limit",
    [
        Verdicts.Tell(builder.L4Proto(IpProtocol.Tcp).Counter(), parameters, DropReason.TooManyConnections).Reject(NftReject.TcpReset).Build(Reset),
        Verdicts.Drop(builder, parameters, DropReason.TooManyConnections).Build("too many connections"),
    ]);

    private IEnumerable<NftRule> Limits(EndpointPolicy endpoint, Direction direction)
    {
        bool ingress = direction == Direction.Ingress;
        QosControls qos = endpoint.Qos!;
        string way = DropReason.Word(direction);
        NftRuleBuilder Packets() => ingress ? builder.Oifname(endpoint.InterfaceName) : builder.Iifname(endpoint.InterfaceName);
        if ((ingress ? qos.IngressPacketRate : qos.EgressPacketRate) is { } rate)
        {
            uint burst = Burst((ingress ? qos.IngressPacketBurst : qos.EgressPacketBurst) ?? PacketBurst, 1);
            yield return Verdicts.Drop(Packets().LimitOver((ulong)rate, burst), parameters, DropReason.PacketRate(direction)).Build($"{way}PacketRate of {endpoint.DisplayName}");
        }
    }

    /// <summary>The mark is for the network: what stays in the cluster's pools keeps what the workload gave it.</summary>
    private IEnumerable<NftRule> Marks(EndpointPolicy endpoint)
    {
        if (endpoint.Qos!.Dscp is not { } dscp) yield break;
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
            yield return builder.Iifname(endpoint.InterfaceName).NfProto(family).Daddr(NetworkChains.Pools(family), NftOperator.NotEqual).Counter().SetDscp(family, dscp).Build($"dscp of {endpoint.DisplayName}");
    }

    private static uint Burst(long wanted, long least) => (uint)Math.Clamp(wanted, least, uint.MaxValue);

    private static RenderedChain Hooked(string name, NftHook hook, int priority, EquatableArray<NftRule> rules) => new(name, "", rules, new NftBaseChain(NftChainType.Filter, hook, priority));
}
