using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// The chains that do not depend on policy: base chains and what every packet of a workload interface meets before its endpoint's chain.
/// <para>
/// A forwarded packet meets <c>forward-from</c> (egress of the workload it comes from) and then <c>forward-to</c> (ingress of the one it goes to). Accept
/// ends only the base chain it is in, so both must allow. Packets to the host meet <c>input</c>; packets from the host to a workload meet nothing.
/// </para>
/// </summary>
internal sealed class StaticChains(FelixParameters parameters)
{
    private const int RawPriority = -300;
    private const int FilterPriority = 0;

    /// <summary>Neighbour discovery and multicast listener messages a workload must be able to send to its gateway; not router advertisements.</summary>
    private static readonly (byte Type, string Name)[] NeighbourDiscovery =
        [(130, "listener query"), (131, "listener report"), (132, "listener done"), (133, "router solicitation"), (135, "neighbour solicitation"), (136, "neighbour advertisement")];

    private readonly NftRuleBuilder builder = new();

    public IEnumerable<RenderedChain> Render()
    {
        yield return new RenderedChain("from-workload", "packets from workloads", FromWorkload());
        yield return new RenderedChain("to-workload", "packets to workloads", ToWorkload());
        yield return new RenderedChain("workload-to-host", "packets from workloads to this host", WorkloadToHost());
        yield return new RenderedChain("anti-spoofing", "source addresses of workloads", AntiSpoofing());
        yield return Hooked("prerouting", NftHook.Prerouting, RawPriority, [.. ForEachPrefix((rule, p) => rule.Iifname(p).Goto("anti-spoofing"))]);
        yield return Hooked("forward-from", NftHook.Forward, FilterPriority, [.. Verdicts.Revoked(builder, parameters, Direction.Egress), Established(), .. ForEachPrefix((rule, p) => rule.Iifname(p).Goto("from-workload"))]);
        yield return Hooked("forward-to", NftHook.Forward, FilterPriority + 1, [Established(), .. ForEachPrefix((rule, p) => rule.Oifname(p).Goto("to-workload"))]);
        yield return Hooked("input", NftHook.Input, FilterPriority, [.. Verdicts.Revoked(builder, parameters, Direction.Ingress), Established(), .. ForEachPrefix((rule, p) => rule.Iifname(p).Goto("workload-to-host"))]);
        if (parameters.EndpointToHost == EndpointToHostAction.Drop)
            yield return Hooked("input-action", NftHook.Input, FilterPriority + 1, [Established(), .. EndpointToHostDrop()]);
    }

    private EquatableArray<NftRule> FromWorkload()
    {
        List<NftRule> rules = [];
        AddInvalidCheck(rules, Direction.Egress);
        if (!parameters.VxlanFromWorkloads)
            rules.Add(Verdicts.Drop(builder.L4Proto(IpProtocol.Udp).Dport(new PortRange(parameters.VxlanPort, parameters.VxlanPort)), parameters, DropReason.VxlanFromWorkload).Build("VXLAN packet from a workload"));
        if (!parameters.IpipFromWorkloads) rules.Add(Verdicts.Drop(builder.L4Proto(IpProtocol.IpIp), parameters, DropReason.IpipFromWorkload).Build("IP-in-IP packet from a workload"));
        rules.Add(builder.IifnameVmap(KernelSets.FromWorkloads).Build());
        rules.Add(Verdicts.Deny(builder, parameters, DropReason.UnknownInterface(Direction.Egress)).Build("unknown workload interface, from"));
        return rules.ToEquatableArray();
    }

    private EquatableArray<NftRule> ToWorkload()
    {
        List<NftRule> rules = [];
        AddInvalidCheck(rules, Direction.Ingress);
        rules.Add(builder.OifnameVmap(KernelSets.ToWorkloads).Build());
        rules.Add(Verdicts.Deny(builder, parameters, DropReason.UnknownInterface(Direction.Ingress)).Build("unknown workload interface, to"));
        return rules.ToEquatableArray();
    }

    private EquatableArray<NftRule> WorkloadToHost() => [.. NeighbourDiscoveryAccepts(), builder.Goto("from-workload").Build()];

    private EquatableArray<NftRule> AntiSpoofing()
    {
        List<NftRule> rules = [];
        // Duplicate address detection asks from the unspecified address, which has no route.
        rules.Add(builder.NfProto(IpFamily.V6).Saddr(Cidr.Parse("::/128")).L4Proto(IpProtocol.IcmpV6).Counter().Accept().Build("duplicate address detection"));
        rules.Add(builder.IifnameVmap(KernelSets.Spoofing).Build());
        rules.Add(Verdicts.Drop(builder.FibReversePathMissing(), parameters, DropReason.SpoofedSource).Build("spoofed source address"));
        return rules.ToEquatableArray();
    }

    private IEnumerable<NftRule> EndpointToHostDrop()
    {
        foreach (string prefix in parameters.InterfacePrefixes.ToImmutable())
        {
            foreach ((byte type, string name) in NeighbourDiscovery)
                yield return builder.Iifname(prefix + "*").NfProto(IpFamily.V6).L4Proto(IpProtocol.IcmpV6).IcmpType(IpFamily.V6, type).Counter().Accept().Build(name);
            yield return Verdicts.Drop(builder.Iifname(prefix + "*"), parameters, DropReason.EndpointToHost).Build("default_endpoint_to_host_action: Drop");
        }
    }

    private IEnumerable<NftRule> NeighbourDiscoveryAccepts()
    {
        foreach ((byte type, string name) in NeighbourDiscovery)
            yield return builder.NfProto(IpFamily.V6).L4Proto(IpProtocol.IcmpV6).IcmpType(IpFamily.V6, type).Counter().Accept().Build(name);
    }

    private void AddInvalidCheck(List<NftRule> rules, Direction direction)
    {
        if (!parameters.KeepInvalid) rules.Add(Verdicts.Drop(builder.CtState(NftCtState.Invalid), parameters, DropReason.Invalid(direction)).Build("connection tracking: invalid"));
    }

    private NftRule Established() => builder.CtState(NftCtState.Established | NftCtState.Related).Counter().Accept().Build();

    private IEnumerable<NftRule> ForEachPrefix(Func<NftRuleBuilder, string, NftRuleBuilder> rule)
    {
        foreach (string prefix in parameters.InterfacePrefixes.ToImmutable()) yield return rule(builder, prefix + "*").Build();
    }

    private static RenderedChain Hooked(string name, NftHook hook, int priority, EquatableArray<NftRule> rules) =>
        new(name, "", rules, new NftBaseChain(NftChainType.Filter, hook, priority));
}
