using System.CommandLine;
using System.Globalization;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>The options that describe a packet, and the words for protocols.</summary>
internal sealed class PacketOptions
{
    /// <summary>Where a program's connections come from when nothing else is said (RFC 6335: the dynamic ports).</summary>
    public const ushort SourcePort = 49152;

    private static readonly (string Name, byte Number)[] Protocols =
    [
        ("tcp", IpProtocol.Tcp), ("udp", IpProtocol.Udp), ("icmp", IpProtocol.Icmp), ("icmpv6", IpProtocol.IcmpV6), ("sctp", IpProtocol.Sctp), ("udplite", IpProtocol.UdpLite),
    ];

    private readonly Option<string> from = new("--from") { Description = "An address, [NAMESPACE/]NAME of a workload endpoint or its workload, or host/NAME of a host endpoint.", HelpName = "END", Required = true };
    private readonly Option<string> to = new("--to") { Description = "As --from.", HelpName = "END", Required = true };
    private readonly Option<string> protocol = new("--protocol") { Description = "tcp, udp, icmp, icmpv6, sctp, udplite or a number.", HelpName = "NAME", DefaultValueFactory = _ => "tcp" };
    private readonly Option<ushort> port = new("--port", "--dport") { Description = "The destination port.", HelpName = "N" };
    private readonly Option<ushort> sourcePort = new("--source-port", "--sport") { Description = "The source port.", HelpName = "N", DefaultValueFactory = _ => SourcePort };
    private readonly Option<byte> icmpType = new("--icmp-type") { Description = "8, an echo request, unless given.", HelpName = "N", DefaultValueFactory = _ => 8 };
    private readonly Option<byte> icmpCode = new("--icmp-code") { Description = "0 unless given.", HelpName = "N" };

    public void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[from, to, protocol, port, sourcePort, icmpType, icmpCode])
            command.Add(option);
        protocol.CompletionSources.Add([.. Protocols.Select(p => p.Name)]);
    }

    /// <summary>The packet and its ends.</summary>
    /// <exception cref="CommandException">It is not a packet.</exception>
    public (PacketEnd From, PacketEnd To, Packet Packet) Read(ParseResult parsed, IReadOnlyList<Resource> resources)
    {
        PacketEnd source = PacketEnd.Find(parsed.GetValue(from)!, resources), destination = PacketEnd.Find(parsed.GetValue(to)!, resources);
        byte number = NumberOf(parsed.GetValue(protocol)!) ?? throw CommandException.Usage($"--protocol: {Problem.Quote(parsed.GetValue(protocol)!)} is not a protocol");
        if (IpProtocol.WithPorts.Contains(number) && parsed.GetValue(port) == 0)
            throw CommandException.Usage("--port is missing");
        (Canal.Core.Addressing.IpAddress left, Canal.Core.Addressing.IpAddress right) = PacketEnd.Pair(source, destination);
        bool ports = IpProtocol.WithPorts.Contains(number);
        return (source, destination, new Packet(left, right, number)
        {
            SourcePort = ports ? parsed.GetValue(sourcePort) : default,
            DestinationPort = ports ? parsed.GetValue(port) : default,
            IcmpType = parsed.GetValue(icmpType),
            IcmpCode = parsed.GetValue(icmpCode),
        });
    }

    /// <summary>The number that a word means; null when it means none.</summary>
    public static byte? NumberOf(string word)
    {
        foreach ((string name, byte number) in Protocols)
        {
            if (name.Equals(word, StringComparison.OrdinalIgnoreCase))
                return number;
        }
        return byte.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out byte given) ? given : null;
    }

    public static string NameOf(byte number) =>
        Array.Find(Protocols, p => p.Number == number) is { Name: { } name } ? name : $"protocol {number.ToString(CultureInfo.InvariantCulture)}";
}
