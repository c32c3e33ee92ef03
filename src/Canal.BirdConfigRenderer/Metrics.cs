using System.Globalization;
using System.Text;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer;

/// <summary>Numbers for scrapers, in Prometheus' text form. Sessions of the mesh are only counted: their number is the cluster's.</summary>
internal sealed record Metrics(string Text)
{
    public static Metrics None { get; } = new("");

    public static Metrics Of(Renderer renderer, BirdViews views)
    {
        StringBuilder text = new();
        Head(text, "canal_bird_up", "gauge", "BIRD answers on its control socket; of 1.6 both processes do.").Append(Line("canal_bird_up", "", views.AllAnswer ? 1 : 0));
        Head(text, "canal_bird_configurations_total", "counter", "Configurations that BIRD was given.").Append(Line("canal_bird_configurations_total", "", renderer.Applications));
        Head(text, "canal_bird_refusals_total", "counter", "Configurations that BIRD refused.").Append(Line("canal_bird_refusals_total", "", renderer.Refusals));
        Head(text, "canal_bird_configuration_refused", "gauge", "The newest configuration is refused and an older one in force.").Append(Line("canal_bird_configuration_refused", "", renderer.Refusal is null ? 0 : 1));
        Head(text, "canal_bird_snippets_refused", "gauge", "Snippets that BIRD refuses, so that an earlier version or none is in force.").Append(Line("canal_bird_snippets_refused", "", renderer.WrongSnippets.Count()));
        Head(text, "canal_bgp_problems", "gauge", "Things in the cluster's data that are not as they should be.").Append(Line("canal_bgp_problems", "", renderer.Problems.Count));
        AppendSessions(text, renderer, views);
        return new Metrics(text.ToString());
    }

    private static void AppendSessions(StringBuilder text, Renderer renderer, BirdViews views)
    {
        (BgpSession Wanted, SessionState? Seen)[] sessions = [.. renderer.Sessions.Values.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => (s, views.Session(s.Name)))];
        Head(text, "canal_bgp_sessions", "gauge", "Sessions by kind, family and whether they are established.");
        foreach (IGrouping<(BgpSessionKind, IpFamily, bool), (BgpSession, SessionState?)> group in sessions.GroupBy(s => (s.Wanted.Kind, s.Wanted.Family, s.Seen is { IsEstablished: true })))
            text.Append(Line("canal_bgp_sessions", $"kind=\"{group.Key.Item1}\",family=\"{(group.Key.Item2 == IpFamily.V4 ? "ipv4" : "ipv6")}\",established=\"{(group.Key.Item3 ? "true" : "false")}\"", group.Count()));
        Head(text, "canal_bgp_routes_imported", "gauge", "Routes learned over all sessions.").Append(Line("canal_bgp_routes_imported", "", sessions.Sum(s => s.Seen?.Imported ?? 0)));
        Head(text, "canal_bgp_routes_exported", "gauge", "Routes told over all sessions.").Append(Line("canal_bgp_routes_exported", "", sessions.Sum(s => s.Seen?.Exported ?? 0)));
        Head(text, "canal_bgp_session_up", "gauge", "An explicitly configured session is established.");
        foreach ((BgpSession wanted, SessionState? seen) in sessions)
            if (wanted.Kind != BgpSessionKind.Mesh) text.Append(Line("canal_bgp_session_up", $"session=\"{wanted.Name}\"", seen is { IsEstablished: true } ? 1 : 0));
    }

    private static StringBuilder Head(StringBuilder text, string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static string Line(string name, string labels, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value}\n");
}
