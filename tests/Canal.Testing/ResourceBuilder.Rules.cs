using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Testing;

/// <summary>Rules and packets.</summary>
public static partial class ResourceBuilder
{
    public static Rule Allow(EntityRule? from = null, EntityRule? to = null, string? protocol = null) => RuleOf(RuleAction.Allow, from, to, protocol);

    public static Rule Deny(EntityRule? from = null, EntityRule? to = null, string? protocol = null) => RuleOf(RuleAction.Deny, from, to, protocol);

    public static Rule Pass(EntityRule? from = null, EntityRule? to = null, string? protocol = null) => RuleOf(RuleAction.Pass, from, to, protocol);

    public static Rule Log(EntityRule? from = null, EntityRule? to = null, string? protocol = null) => RuleOf(RuleAction.Log, from, to, protocol);

    /// <summary>One side of a rule. Ports are numbers, ranges <c>2000:2010</c> or names, with commas.</summary>
    public static EntityRule Entity(
        string selector = "", string notSelector = "", string namespaceSelector = "", string nets = "", string notNets = "", string ports = "", string notPorts = "",
        string serviceAccounts = "", string serviceAccountSelector = "") => new()
        {
            Selector = selector,
            NotSelector = notSelector,
            NamespaceSelector = namespaceSelector,
            Nets = Cidrs(nets),
            HasNets = nets.Length > 0,
            NotNets = Cidrs(notNets),
            HasNotNets = notNets.Length > 0,
            Ports = Ports(ports),
            NotPorts = Ports(notPorts),
            ServiceAccounts = (serviceAccounts + serviceAccountSelector).Length == 0
                ? null
                : new ServiceAccountMatch { Names = Split(serviceAccounts).ToEquatableArray(), Selector = serviceAccountSelector },
        };

    /// <summary>The first packet of a TCP connection.</summary>
    public static Packet Tcp(string source, string destination, int port, int sourcePort = 40000) => WithPorts(IpProtocol.Tcp, source, destination, port, sourcePort);

    public static Packet Udp(string source, string destination, int port, int sourcePort = 40000) => WithPorts(IpProtocol.Udp, source, destination, port, sourcePort);

    public static Packet WithPorts(byte protocol, string source, string destination, int port, int sourcePort = 40000) =>
        OfProtocol(protocol, source, destination) with { SourcePort = (ushort)sourcePort, DestinationPort = (ushort)port };

    /// <summary>ICMP or ICMPv6, as the addresses have it.</summary>
    public static Packet Icmp(string source, string destination, byte type, byte code = 0) =>
        OfProtocol(source.Contains(':') ? IpProtocol.IcmpV6 : IpProtocol.Icmp, source, destination) with { IcmpType = type, IcmpCode = code };

    public static Packet OfProtocol(byte protocol, string source, string destination) => new(IpAddress.Parse(source), IpAddress.Parse(destination), protocol);

    private static Rule RuleOf(RuleAction action, EntityRule? from, EntityRule? to, string? protocol) => new()
    {
        Action = action,
        Protocol = protocol is null ? null : Protocol.FromText(protocol),
        Source = from ?? EntityRule.Empty,
        Destination = to ?? EntityRule.Empty,
    };

    private static EquatableArray<Port> Ports(string text) =>
        Split(text).Select(port => Port.TryParse(port, out Port parsed) ? parsed : throw new FormatException($"'{port}' is not a port")).ToEquatableArray();
}
