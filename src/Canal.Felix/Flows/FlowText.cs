using System.Buffers;
using System.Text;
using System.Text.Json;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Drops;
using Canal.Felix.Revocation;
using Canal.Linux.Conntrack;
using Canal.Linux.Nflog;

namespace Canal.Felix.Flows;

/// <summary>
/// Flows as the control socket tells them: a line of JSON about all, one for each connection, one for each kind of packet that was denied. A verdict is
/// <c>allowed</c>; <c>denied</c>; <c>outlived</c>, of a connection that policy would not let begin any more but lets go on; or <c>cut</c>.
/// </summary>
internal static class FlowText
{
    private static readonly string[] TcpStates = ["none", "syn-sent", "syn-received", "established", "fin-wait", "close-wait", "last-ack", "time-wait", "close", "syn-sent"];

    public static string Answer(IEnumerable<(TrackedFlow Flow, FlowVerdict Verdict)> flows, bool more, uint cut, DropReport denied, IEnumerable<DroppedFlow> wanted)
    {
        ArrayBufferWriter<byte> text = new();
        DropText.Line(text, json =>
        {
            DropText.WriteAbout(json, denied);
            json.WriteBoolean("more", more);
        });
        foreach ((TrackedFlow flow, FlowVerdict verdict) in flows) DropText.Line(text, json => Write(json, flow, verdict, (flow.Mark & cut) != 0));
        foreach (DroppedFlow flow in wanted) DropText.Line(text, json => Write(json, flow));
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>The policy or profile whose rule decided at an end, as <see cref="KernelNames.ShortId"/> says it; null when none did.</summary>
    public static string? Policy(FlowEnd end) => end.Decision?.Decider is ResourceKey policy ? KernelNames.ShortId(policy) : null;

    private static void Write(Utf8JsonWriter json, TrackedFlow flow, FlowVerdict verdict, bool isCut)
    {
        Packet packet = flow.First;
        json.WriteString("verdict", verdict.Allowed ? "allowed" : isCut ? "cut" : "outlived");
        json.WriteNumber("id", flow.Id);
        DropText.Write(json, new PacketFlow(packet.Protocol, packet.Source, packet.SourcePort, packet.Destination, DropText.IsIcmp(packet.Protocol) ? (ushort)(packet.IcmpType << 8 | packet.IcmpCode) : packet.DestinationPort));
        if (flow.SentTo != packet.Destination) json.WriteString("sent_to", flow.SentTo.ToString());
        json.WriteString("state", flow.TcpState is { } state && state < TcpStates.Length ? TcpStates[state] : flow.IsAnswered ? "answered" : "unanswered");
        Write(json, "", flow.Sent);
        Write(json, "reply_", flow.Answered);
        Write(json, Direction.Egress, verdict.Egress);
        Write(json, Direction.Ingress, verdict.Ingress);
    }

    private static void Write(Utf8JsonWriter json, string prefix, TrackedCount? counted)
    {
        if (counted is not { } count) return;
        json.WriteNumber($"{prefix}packets", count.Packets);
        json.WriteNumber($"{prefix}bytes", count.Bytes);
    }

    private static void Write(Utf8JsonWriter json, Direction direction, FlowEnd? of)
    {
        if (of is not { } end) return;
        string reason = end.Decision is { } decision ? DropReason.Of(decision, direction) : end.Reason;
        Write(json, direction, end.Endpoint, end.Allowed, reason, Policy(end), Policy(end) is null ? null : end.Decision!.RuleIndex);
    }

    private static void Write(Utf8JsonWriter json, DroppedFlow flow)
    {
        json.WriteString("verdict", "denied");
        DropText.Write(json, flow.First.Flow);
        json.WriteNumber("packets", flow.Count);
        json.WriteString("first", flow.Begun.UtcDateTime);
        json.WriteString("last", flow.Last.UtcDateTime);
        json.WriteString("in", flow.Place?.Input ?? "");
        json.WriteString("out", flow.Place?.Output ?? "");
        Write(json, flow.Reason.Direction, flow.Place?.Endpoint ?? "", false, flow.Reason.Text, flow.Reason.Policy, flow.Reason.Rule);
    }

    private static void Write(Utf8JsonWriter json, Direction direction, string endpoint, bool allowed, string reason, string? policy, int? rule)
    {
        json.WriteStartObject(DropReason.Word(direction));
        json.WriteString("endpoint", endpoint);
        json.WriteString("verdict", allowed ? "allowed" : "denied");
        json.WriteString("reason", reason);
        if (policy is not null) json.WriteString("policy", policy);
        if (rule is { } number) json.WriteNumber("rule", number);
        json.WriteEndObject();
    }
}
