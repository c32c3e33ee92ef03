using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Canal.Core.Policy;
using Canal.Linux.Nflog;

namespace Canal.Felix.Drops;

/// <summary>Denied packets as the control socket tells them: a line of JSON about all, then one for each flow.</summary>
internal static class DropText
{
    public static string Answer(DropReport report)
    {
        ArrayBufferWriter<byte> text = new();
        Line(text, json => WriteAbout(json, report));
        foreach (DroppedFlow flow in report.Flows) Line(text, json => Write(json, flow));
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    public static void WriteAbout(Utf8JsonWriter json, DropReport report)
    {
        json.WriteNumber("serial", report.Serial);
        json.WriteNumber("missed", report.Missed);
        json.WriteString("drop_log", report.Parameters.Log.ToString().ToLowerInvariant());
        json.WriteNumber("drop_log_group", report.Parameters.Group);
        if (report.Failing is not null) json.WriteString("failing", report.Failing);
    }

    /// <summary><c>tcp 10.0.0.1:51514 > 10.0.0.2:5432</c>, <c>icmp 10.0.0.1 > 10.0.0.2 type 8 code 0</c>.</summary>
    public static string Of(PacketFlow flow)
    {
        string protocol = Protocol(flow.Protocol);
        if (IsIcmp(flow.Protocol)) return string.Create(CultureInfo.InvariantCulture, $"{protocol} {flow.Source} > {flow.Destination} type {flow.DestinationPort >> 8} code {flow.DestinationPort & 0xff}");
        return IpProtocol.WithPorts.Contains(flow.Protocol)
            ? string.Create(CultureInfo.InvariantCulture, $"{protocol} {End(flow.Source, flow.SourcePort)} > {End(flow.Destination, flow.DestinationPort)}")
            : $"{protocol} {flow.Source} > {flow.Destination}";
    }

    public static string Protocol(byte number) => number switch
    {
        IpProtocol.Icmp => "icmp",
        IpProtocol.Tcp => "tcp",
        IpProtocol.Udp => "udp",
        IpProtocol.IcmpV6 => "icmpv6",
        IpProtocol.Sctp => "sctp",
        IpProtocol.UdpLite => "udplite",
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static string End(Core.Addressing.IpAddress address, ushort port) =>
        address.Family == Core.Addressing.IpFamily.V4 ? string.Create(CultureInfo.InvariantCulture, $"{address}:{port}") : string.Create(CultureInfo.InvariantCulture, $"[{address}]:{port}");

    public static bool IsIcmp(byte protocol) => protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;

    private static void Write(Utf8JsonWriter json, DroppedFlow flow)
    {
        json.WriteNumber("serial", flow.Serial);
        json.WriteNumber("packets", flow.Count);
        json.WriteString("first", flow.Begun.UtcDateTime);
        json.WriteString("last", flow.Last.UtcDateTime);
        json.WriteString("direction", DropReason.Word(flow.Reason.Direction));
        json.WriteString("endpoint", flow.Place?.Endpoint ?? "");
        json.WriteString("in", flow.Place?.Input ?? "");
        json.WriteString("out", flow.Place?.Output ?? "");
        json.WriteString("reason", flow.Why);
        if (flow.Policy is { } policy) json.WriteString("policy", policy);
        if (flow.Reason.Rule is { } rule) json.WriteNumber("rule", rule);
        Write(json, flow.First.Flow);
    }

    /// <summary>Who speaks to whom.</summary>
    public static void Write(Utf8JsonWriter json, PacketFlow packet)
    {
        json.WriteString("protocol", Protocol(packet.Protocol));
        json.WriteString("source", packet.Source.ToString());
        json.WriteString("destination", packet.Destination.ToString());
        if (IsIcmp(packet.Protocol))
        {
            json.WriteNumber("icmp_type", packet.DestinationPort >> 8);
            json.WriteNumber("icmp_code", packet.DestinationPort & 0xff);
        }
        else if (IpProtocol.WithPorts.Contains(packet.Protocol))
        {
            json.WriteNumber("source_port", packet.SourcePort);
            json.WriteNumber("destination_port", packet.DestinationPort);
        }
    }

    public static void Line(ArrayBufferWriter<byte> text, Action<Utf8JsonWriter> write)
    {
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        text.Write("\n"u8);
    }
}
