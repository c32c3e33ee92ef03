using System.Globalization;
using System.Text.Json;
using Canal.Core.Policy;

namespace Canal.Ctl;

/// <summary>Shows what becomes of a packet, rule by rule.</summary>
internal static class PathWriter
{
    private static readonly string[] Header = ["TIER", "POLICY", "RULE", "ACTION", "MATCHES"];

    public static void WriteTable(PacketPath path, TextWriter to)
    {
        to.Write($"{Describe(path.Packet)}\n\n");
        foreach (PathPoint point in path.Points)
        {
            to.Write($"{point.Title}\n");
            TableText.Write([Header, .. point.Steps.Select(step => Row(step, point.Direction))], to);
            to.Write('\n');
        }
        to.Write($"{Verdict(path)}\n");
    }

    public static void WriteJson(PacketPath path, TextWriter to) => JsonText.Write(to, json =>
    {
        json.WriteStartObject();
        json.WriteString("verdict", path.Allowed ? "allow" : "deny");
        json.WriteString("source", path.Packet.Source.ToString());
        json.WriteString("destination", path.Packet.Destination.ToString());
        json.WriteNumber("protocol", path.Packet.Protocol);
        json.WriteStartArray("points");
        foreach (PathPoint point in path.Points)
            WriteJson(point, json);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary><c>allowed by rule 0 of GlobalNetworkPolicy web in tier default (ingress to WorkloadEndpoint default/db)</c></summary>
    public static string Reason(PacketPath path) => $"{path.Decisive.Decision} ({path.Decisive.Title})";

    private static string Verdict(PacketPath path) => $"{(path.Allowed ? "ALLOW" : "DENY")}: {Reason(path)}";

    private static void WriteJson(PathPoint point, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("endpoint", point.Endpoint.ToString());
        json.WriteString("direction", Word(point.Direction));
        json.WriteString("stage", point.Stage.ToString());
        json.WriteString("decision", point.Decision is null ? "none" : point.Decision.Allowed ? "allow" : "deny");
        json.WriteStartArray("steps");
        foreach (TraceStep step in point.Steps)
        {
            json.WriteStartObject();
            json.WriteString("tier", step.Tier);
            if (step.Policy is { } policy)
                json.WriteString("policy", policy.ToString());
            if (step.RuleIndex >= 0)
                json.WriteNumber("rule", step.RuleIndex);
            json.WriteString("action", step.Action.ToString());
            json.WriteBoolean("matches", step.Mismatch is null);
            if (step.Mismatch is not null)
                json.WriteString("mismatch", step.Mismatch);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string[] Row(TraceStep step, Direction direction) =>
    [
        step.Tier.Length > 0 ? step.Tier : "-",
        step.Policy?.ToString() ?? (step.Tier.Length > 0 ? "end of the tier" : "end of the profiles"),
        step.RuleIndex >= 0 ? $"{Word(direction)} {step.RuleIndex.ToString(CultureInfo.InvariantCulture)}" : "-",
        step is { Policy: not null, RuleIndex: < 0 } ? "-" : step.Action.ToString(),
        step is { Policy: not null, RuleIndex: < 0 } ? "no rules" : step.Mismatch is null ? "yes" : $"no: {step.Mismatch}",
    ];

    private static string Word(Direction direction) => direction == Direction.Ingress ? "ingress" : "egress";

    private static string Describe(Packet packet)
    {
        string protocol = PacketOptions.NameOf(packet.Protocol);
        if (IpProtocol.WithPorts.Contains(packet.Protocol))
            return $"{protocol} {End(packet.Source, packet.SourcePort)} > {End(packet.Destination, packet.DestinationPort)}";
        string detail = packet.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 ? $" type {packet.IcmpType} code {packet.IcmpCode}" : "";
        return $"{protocol}{detail} {packet.Source} > {packet.Destination}";
    }

    private static string End(Canal.Core.Addressing.IpAddress address, ushort port) =>
        address.Family == Canal.Core.Addressing.IpFamily.V6 ? $"[{address}]:{port}" : $"{address}:{port}";
}
