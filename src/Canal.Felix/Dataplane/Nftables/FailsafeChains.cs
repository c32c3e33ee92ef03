using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// What no policy of a host endpoint can forbid: the failsafe ports, and what a host cannot live without, which Calico leaves to its user: neighbour discovery,
/// multicast listener messages and DHCP.
/// </summary>
internal sealed class FailsafeChains(FelixParameters parameters)
{
    public const string In = "failsafe-in";
    public const string Out = "failsafe-out";

    /// <summary>Before connection tracking: replies from the ports that are always reachable.</summary>
    public const string RepliesIn = "failsafe-replies-in";

    /// <summary>Before connection tracking: replies from this host's own failsafe ports.</summary>
    public const string RepliesOut = "failsafe-replies-out";

    private const string Neighbours = "failsafe-neighbours";

    /// <summary>ICMPv6 types (RFC 4861, RFC 2710, RFC 3810).</summary>
    private static readonly (byte Type, string Name)[] NeighbourTypes =
    [
        (135, "neighbour solicitation"), (136, "neighbour advertisement"), (133, "router solicitation"), (134, "router advertisement"),
        (130, "listener query"), (131, "listener report"), (132, "listener done"), (143, "listener report 2"),
    ];

    private readonly NftRuleBuilder builder = new();

    public IEnumerable<RenderedChain> Render()
    {
        yield return new RenderedChain(Neighbours, "ICMPv6 that no host can do without", [.. NeighbourTypes.Select(t =>
            builder.NfProto(IpFamily.V6).L4Proto(IpProtocol.IcmpV6).IcmpType(IpFamily.V6, t.Type).Counter().Accept().Build(t.Name))]);
        yield return new RenderedChain(In, "what no policy forbids to come in", [ToNeighbours(), .. Dhcp(67, 68, 547, 546), .. Ports(parameters.FailsafeIn, "failsafe_inbound_host_ports", ingress: true, reply: false)]);
        yield return new RenderedChain(Out, "what no policy forbids to go out", [ToNeighbours(), .. Dhcp(68, 67, 546, 547), .. Ports(parameters.FailsafeOut, "failsafe_outbound_host_ports", ingress: false, reply: false)]);
        yield return new RenderedChain(RepliesIn, "replies to what no policy forbids", [.. Ports(parameters.FailsafeOut, "reply, failsafe_outbound_host_ports", ingress: true, reply: true)]);
        yield return new RenderedChain(RepliesOut, "replies to what no policy forbids", [.. Ports(parameters.FailsafeIn, "reply, failsafe_inbound_host_ports", ingress: false, reply: true)]);
    }

    private NftRule ToNeighbours() => builder.NfProto(IpFamily.V6).L4Proto(IpProtocol.IcmpV6).Jump(Neighbours).Build();

    private IEnumerable<NftRule> Dhcp(ushort fromV4, ushort toV4, ushort fromV6, ushort toV6)
    {
        yield return Dhcp(IpFamily.V4, fromV4, toV4);
        yield return Dhcp(IpFamily.V6, fromV6, toV6);
    }

    private NftRule Dhcp(IpFamily family, ushort from, ushort to) =>
        builder.NfProto(family).L4Proto(IpProtocol.Udp).Sport(new PortRange(from, from)).Dport(new PortRange(to, to)).Counter().Accept().Build("DHCP client");

    /// <summary>One rule for each protocol and network. The network is the other end's, whichever way the packet goes.</summary>
    private IEnumerable<NftRule> Ports(EquatableArray<FailsafePort> ports, string comment, bool ingress, bool reply)
    {
        foreach (IGrouping<(byte Protocol, Cidr? Net), FailsafePort> group in ports.ToImmutable().GroupBy(p => (p.Protocol, p.Net)))
        {
            if (group.Key.Net is Cidr net) Address(builder.NfProto(net.Family), net, ingress);
            PortRange[] ranges = [.. group.Select(p => new PortRange(p.Port, p.Port)).Distinct()];
            builder.L4Proto(group.Key.Protocol);
            if (reply) builder.Sport(ranges);
            else builder.Dport(ranges);
            yield return builder.Counter().Accept().Build(comment);
        }
    }

    private static void Address(NftRuleBuilder rule, Cidr net, bool ingress)
    {
        if (ingress) rule.Saddr(net);
        else rule.Daddr(net);
    }
}
