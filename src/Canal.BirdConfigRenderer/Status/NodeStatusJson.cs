using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer.Status;

/// <summary>The parts of CalicoNodeStatus' status, in Calico's words.</summary>
internal static partial class NodeStatusJson
{
    /// <summary>Where one BIRD serves both families, both say the same.</summary>
    public static JsonObject Agent(BirdViews views) => new() { ["birdV4"] = Bird(views.Of(IpFamily.V4)), ["birdV6"] = Bird(views.Of(IpFamily.V6)) };

    public static JsonObject Bgp(BirdViews views, IReadOnlyDictionary<string, BgpSession> sessions)
    {
        JsonObject bgp = [];
        foreach (IpFamily family in (ReadOnlySpan<IpFamily>)[IpFamily.V4, IpFamily.V6])
        {
            BgpSession[] ours = [.. sessions.Values.Where(s => s.Family == family).OrderBy(s => s.Name, StringComparer.Ordinal)];
            int established = ours.Count(s => views.Session(s.Name) is { IsEstablished: true });
            string suffix = family == IpFamily.V4 ? "V4" : "V6";
            bgp[$"numberEstablished{suffix}"] = established;
            bgp[$"numberNotEstablished{suffix}"] = ours.Length - established;
            bgp[$"peers{suffix}"] = new JsonArray([.. ours.Select(s => Peer(s, views.Session(s.Name)))]);
        }
        return bgp;
    }

    /// <summary>Reads the answer to <c>show route</c>. BIRD 2 tells the next hops of a route on lines after it, 1.6 the only one on its own line.</summary>
    public static JsonArray Routes(BirdReply reply, IReadOnlyDictionary<string, BgpSession> sessions)
    {
        JsonArray routes = [];
        JsonObject? last = null;
        string destination = "";
        foreach (BirdLine line in reply.Lines)
        {
            Match route = RouteLine().Match(line.Text);
            if (route.Success)
            {
                // Further routes for a destination are listed without it.
                if (route.Groups["net"].Length > 0) destination = route.Groups["net"].Value;
                last = new JsonObject { ["type"] = route.Groups["best"].Length > 0 ? "FIB" : "RIB", ["destination"] = destination, ["learnedFrom"] = Source(route.Groups["protocol"].Value, sessions) };
                routes.Add((JsonNode)last);
                AddHop(last, route);
            }
            else if (last is not null && NextHop().Match(line.Text) is { Success: true } hop && !last.ContainsKey("interface"))
            {
                AddHop(last, hop);
            }
        }
        return routes;
    }

    private static void AddHop(JsonObject route, Match hop)
    {
        if (hop.Groups["gateway"].Length > 0) route["gateway"] = hop.Groups["gateway"].Value;
        if (hop.Groups["interface"].Length > 0) route["interface"] = hop.Groups["interface"].Value;
    }

    private static JsonObject Bird(BirdView? view) => view is null ? new JsonObject { ["state"] = "NotReady" } : new JsonObject
    {
        ["state"] = view.IsRecovering ? "NotReady" : "Ready",
        ["version"] = view.Version,
        ["routerID"] = view.RouterId,
        ["lastBootTime"] = view.LastReboot,
        ["lastReconfigurationTime"] = view.LastReconfiguration,
    };

    private static JsonObject Peer(BgpSession session, SessionState? seen) => new()
    {
        ["peerIP"] = session.Neighbor.ToString(),
        ["type"] = session.Kind switch { BgpSessionKind.Mesh => "NodeMesh", BgpSessionKind.Global => "GlobalPeer", _ => "NodePeer" },
        ["state"] = seen?.State ?? "Idle",
        ["since"] = seen?.Since ?? "",
    };

    private static JsonObject Source(string protocol, IReadOnlyDictionary<string, BgpSession> sessions)
    {
        if (sessions.TryGetValue(protocol, out BgpSession? session))
            return new JsonObject { ["sourceType"] = session.Kind == BgpSessionKind.Mesh ? "NodeMesh" : "BGPPeer", ["peerIP"] = session.Neighbor.ToString() };
        return new JsonObject { ["sourceType"] = protocol.StartsWith("kernel", StringComparison.Ordinal) ? "Kernel" : protocol.StartsWith("static", StringComparison.Ordinal) ? "Static" : "Direct" };
    }

    [GeneratedRegex(@"^(?<net>[0-9a-f.:]+/\d+)?\s+(unicast|multipath|blackhole|unreachable|prohibited|via (?<gateway>[0-9a-f.:]+) on (?<interface>\S+)|dev (?<interface>\S+)) \[(?<protocol>\S+) [^\]]*\]\s*(?<best>\*)?")]
    private static partial Regex RouteLine();

    [GeneratedRegex(@"^\s*(via (?<gateway>[0-9a-f.:]+) on|dev) (?<interface>\S+)")]
    private static partial Regex NextHop();
}
