using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Chains and sets of translation and tunnels. A chain is there only while something needs it: nat chains cost every new connection, and tell connection
/// tracking to prepare for translation. Which pools and hosts there are is data: a change of them changes members, not rules.
/// <para>
/// Floating addresses are a rule each; only the first packet of a connection meets them.
/// </para>
/// </summary>
internal sealed class NetworkChains(FelixParameters parameters, NetworkSets sets, IEnumerable<EndpointPolicy> endpoints)
{
    /// <summary>Chains of translation.</summary>
    public const string FloatingTo = "floating-to", Prerouting = "nat-prerouting", Output = "nat-output", Postrouting = "nat-postrouting";

    /// <summary>Chains that keep tunnels' packets out of connection tracking.</summary>
    public const string TunnelRawIn = "tunnel-raw-in", TunnelRawOut = "tunnel-raw-out";

    private const int DestinationPriority = -100;
    private const int SourcePriority = 100;
    private const int RawPriority = -300;

    // Before any filter of ours, so that a host endpoint's policy never sees what a stranger wrapped.
    private const int TunnelFilterPriority = -10;

    private static readonly IpFamily[] Families = [IpFamily.V4, IpFamily.V6];

    private readonly NetworkParameters network = parameters.Network;
    private readonly NftRuleBuilder builder = new();

    /// <summary>The devices of tunnels in use.</summary>
    private IEnumerable<string> Tunnels
    {
        get
        {
            if (sets.Vxlan4) yield return TunnelNames.Vxlan(IpFamily.V4);
            if (sets.Vxlan6) yield return TunnelNames.Vxlan(IpFamily.V6);
            if (sets.Ipip) yield return TunnelNames.Ipip;
            foreach (WireGuardFamily family in network.WireGuard.Families)
                if (family.IsEnabled) yield return family.Device;
        }
    }

    private IEnumerable<(IpNat Nat, EndpointPolicy Endpoint)> Floating => network.FloatingIps
        ? endpoints.SelectMany(e => e.Nats.Select(n => (n, e))).Where(f => parameters.Ipv6 || f.n.External.Family == IpFamily.V4)
        : [];

    /// <summary>The chains, those that others jump to first.</summary>
    public IEnumerable<RenderedChain> Render()
    {
        List<NftRule> destinations = [.. Floating.Select(ToFloating)], sources = [.. Floating.Select(FromFloating)];
        if (destinations.Count > 0)
        {
            yield return new RenderedChain(FloatingTo, "floating addresses of workloads", destinations.ToEquatableArray());
            yield return Hooked(Prerouting, NftChainType.Nat, NftHook.Prerouting, DestinationPriority, [builder.Jump(FloatingTo).Build()]);
            yield return Hooked(Output, NftChainType.Nat, NftHook.Output, DestinationPriority, [builder.Jump(FloatingTo).Build()]);
        }
        EquatableArray<NftRule> postrouting = [.. sources, .. Outgoing(), .. TunnelSources()];
        if (!postrouting.IsEmpty) yield return Hooked(Postrouting, NftChainType.Nat, NftHook.Postrouting, SourcePriority, postrouting);
        foreach (RenderedChain chain in TunnelChains()) yield return chain;
        if (network.WireGuard is { IsEnabled: true, EncryptHosts: true } && parameters.Marks.WireGuard != 0) yield return Unencrypted();
        foreach (RenderedChain chain in new LimitChains(endpoints, parameters).Render()) yield return chain;
    }

    /// <summary>The sets that the chains look up, and those that operators may want to look at.</summary>
    public IEnumerable<NetsSet> Sets()
    {
        foreach (IpFamily family in Families)
        {
            if (Masquerades(family)) yield return Set("masquerade", family, sets.Masqueraded, "pools whose traffic to the outside is translated");
            if (Masquerades(family) || MarksPackets) yield return Set("pools", family, sets.Pools, "all pools");
            if (NeedsHosts(family)) yield return Set("hosts", family, HostsOf(family), "hosts of the cluster");
            if (UsesVxlan(family)) yield return Set("vxlan-peers", family, With(sets.VxlanPeers), "hosts that VXLAN packets are expected from");
        }
    }

    /// <summary>The set of all pools, which is there while something looks it up.</summary>
    public static NftSet Pools(IpFamily family) => SetOf("pools", family);

    private bool MarksPackets => endpoints.Any(e => e.Qos?.Dscp is not null);

    private bool UsesVxlan(IpFamily family) => family == IpFamily.V4 ? sets.Vxlan4 : sets.Vxlan6;

    private bool Masquerades(IpFamily family)
    {
        foreach (Cidr pool in sets.Masqueraded)
            if (pool.Family == family) return family == IpFamily.V4 || parameters.Ipv6;
        return false;
    }

    private bool NeedsHosts(IpFamily family) => (family == IpFamily.V4 && sets.Ipip) || (network.NatSparesHosts && Masquerades(family));

    /// <summary>As in Calico external nodes are hosts only where these are asked about IPv4.</summary>
    private IEnumerable<Cidr> HostsOf(IpFamily family) => family == IpFamily.V4 ? With(sets.Hosts) : sets.Hosts;

    private IEnumerable<Cidr> With(EquatableArray<Cidr> addresses) => addresses.Concat(network.ExternalNodes);

    private static NetsSet Set(string name, IpFamily family, IEnumerable<Cidr> members, string comment) =>
        new(SetOf(name, family, comment), Core.IpSets.PrefixCover.Of(members.Where(m => m.Family == family)).ToEquatableArray());

    private static NftSet SetOf(string name, IpFamily family, string? comment = null) =>
        new($"{name}{(int)family}", NftKeyType.Address(family), NftSetFlags.Interval, Comment: comment);

    private NftRule ToFloating((IpNat Nat, EndpointPolicy Endpoint) floating) => builder.NfProto(floating.Nat.External.Family).Daddr(new Cidr(floating.Nat.External))
        .Counter().Dnat(floating.Nat.Internal).Build($"ipNATs of {floating.Endpoint.DisplayName}");

    /// <summary>A workload that speaks to its own floating address must not see an answer from itself.</summary>
    private NftRule FromFloating((IpNat Nat, EndpointPolicy Endpoint) floating) => builder.NfProto(floating.Nat.Internal.Family)
        .Saddr(new Cidr(floating.Nat.Internal)).Daddr(new Cidr(floating.Nat.Internal)).Counter().Snat(floating.Nat.External).Build($"ipNATs of {floating.Endpoint.DisplayName}: to itself");

    private IEnumerable<NftRule> Outgoing()
    {
        foreach (IpFamily family in Families)
        {
            if (!Masquerades(family)) continue;
            if (network.NatPorts is not null)
            {
                foreach (byte protocol in (byte[])[IpProtocol.Tcp, IpProtocol.Udp])
                    yield return Translate(FromPools(family).L4Proto(protocol).Counter(), family, network.NatPorts).Build("natOutgoing, with nat_port_range");
            }
            yield return Translate(FromPools(family).Counter(), family, null).Build("natOutgoing");
        }
    }

    private NftRuleBuilder FromPools(IpFamily family)
    {
        NftRuleBuilder rule = builder;
        if (network.NatInterface.Length > 0) rule = rule.Oifname(network.NatInterface);
        rule = rule.NfProto(family).Saddr(SetOf("masquerade", family)).Daddr(SetOf("pools", family), NftOperator.NotEqual);
        return network.NatSparesHosts ? rule.Daddr(SetOf("hosts", family), NftOperator.NotEqual) : rule;
    }

    private NftRuleBuilder Translate(NftRuleBuilder rule, IpFamily family, PortRange? ports) => network.NatAddress is { } address && address.Family == family
        ? rule.Snat(address, ports, NftNatFlags.FullyRandom)
        : rule.Masquerade(ports, NftNatFlags.FullyRandom);

    /// <summary>What the host itself sends into a tunnel must come from the tunnel's address, or the answer finds another way.</summary>
    private IEnumerable<NftRule> TunnelSources() => Tunnels.Select(name =>
        builder.Oifname(name).FibSaddrOifLocal(NftOperator.NotEqual).FibSaddrLocal().Counter().Masquerade(flags: NftNatFlags.FullyRandom).Build("this host, into the tunnel"));

    private IEnumerable<RenderedChain> TunnelChains()
    {
        EquatableArray<NftRule> filter = [.. TunnelFilter()];
        if (!filter.IsEmpty) yield return Hooked("tunnel-input", NftChainType.Filter, NftHook.Input, TunnelFilterPriority, filter);
        if (!sets.Vxlan4 && !sets.Vxlan6) yield break;
        // An outer connection would be tracked for every pair of hosts and source port: thousands that say nothing.
        yield return Hooked(TunnelRawIn, NftChainType.Filter, NftHook.Prerouting, RawPriority, [VxlanPacket().Counter().Notrack().Build()]);
        yield return Hooked(TunnelRawOut, NftChainType.Filter, NftHook.Output, RawPriority, [VxlanPacket().Counter().Notrack().Build()]);
    }

    /// <summary>
    /// With encryption between hosts their addresses are behind the device. What comes in without encryption (also the encrypted packets themselves) is marked,
    /// so that the check of source addresses finds the way it came.
    /// </summary>
    private RenderedChain Unencrypted()
    {
        List<NftRule> rules = [builder.Iifname(HostInterface.Loopback).Accept().Build()];
        foreach (WireGuardFamily family in network.WireGuard.Families)
            if (family.IsEnabled) rules.Add(builder.Iifname(family.Device).Accept().Build());
        foreach (string prefix in parameters.InterfacePrefixes) rules.Add(builder.Iifname(prefix + "*").Accept().Build());
        rules.Add(builder.SetMetaMark(parameters.Marks.WireGuard, parameters.Marks.WireGuard).Build("came in without encryption"));
        return Hooked("wireguard-incoming-mark", NftChainType.Filter, NftHook.Prerouting, RawPriority, rules.ToEquatableArray());
    }

    private IEnumerable<NftRule> TunnelFilter()
    {
        foreach (IpFamily family in Families)
            if (UsesVxlan(family))
                yield return Verdicts.Drop(builder.NfProto(family).L4Proto(IpProtocol.Udp).Dport(VxlanPort).Saddr(SetOf("vxlan-peers", family), NftOperator.NotEqual).FibDaddrLocal(), parameters, DropReason.VxlanFromStranger)
                    .Build("VXLAN packet from a stranger");
        if (sets.Ipip)
            yield return Verdicts.Drop(builder.NfProto(IpFamily.V4).L4Proto(IpProtocol.IpIp).Saddr(SetOf("hosts", IpFamily.V4), NftOperator.NotEqual).FibDaddrLocal(), parameters, DropReason.IpipFromStranger)
                .Build("IP-in-IP packet from a stranger");
    }

    /// <summary>Accepts what hosts of the cluster wrap for each other, for the chains of host endpoints, which would deny it.</summary>
    public static IEnumerable<NftRule> AcceptedTunnels(Direction direction, FelixParameters parameters, NetworkSets sets)
    {
        NftRuleBuilder rule = new();
        NftRuleBuilder Peer(NftSet peers) => direction == Direction.Ingress ? rule.Saddr(peers).FibDaddrLocal() : rule.Daddr(peers).FibSaddrLocal();
        foreach (IpFamily family in Families)
        {
            if (!(family == IpFamily.V4 ? sets.Vxlan4 : sets.Vxlan6)) continue;
            rule.NfProto(family).L4Proto(IpProtocol.Udp).Dport(new PortRange(parameters.VxlanPort, parameters.VxlanPort));
            yield return Peer(SetOf("vxlan-peers", family)).Counter().Accept().Build("VXLAN between hosts");
        }
        foreach (WireGuardFamily family in parameters.Network.WireGuard.Families)
        {
            if (!family.IsEnabled) continue;
            // Who has no key gets no answer: there is no need to know whose packets these are.
            rule.NfProto(family.Family).L4Proto(IpProtocol.Udp).Dport(new PortRange(family.Port, family.Port));
            yield return (direction == Direction.Ingress ? rule.FibDaddrLocal() : rule.FibSaddrLocal()).Counter().Accept().Build("WireGuard between hosts");
        }
        if (!sets.Ipip) yield break;
        rule.NfProto(IpFamily.V4).L4Proto(IpProtocol.IpIp);
        yield return Peer(SetOf("hosts", IpFamily.V4)).Counter().Accept().Build("IP-in-IP between hosts");
    }

    private NftRuleBuilder VxlanPacket() => builder.L4Proto(IpProtocol.Udp).Dport(VxlanPort);

    private PortRange VxlanPort => new(parameters.VxlanPort, parameters.VxlanPort);

    private static RenderedChain Hooked(string name, NftChainType type, NftHook hook, int priority, EquatableArray<NftRule> rules) =>
        new(name, "", rules, new NftBaseChain(type, hook, priority));
}
