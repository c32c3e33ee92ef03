using System.Globalization;
using System.Text;
using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Feed;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Calculation;
using Canal.Core.Resources;

namespace Canal.BirdConfigRenderer;

/// <summary>What whoever asks over the control socket reads: each session with its state and why it is not up.</summary>
internal static class StatusText
{
    public static string Of(BgpFeed feed, Renderer renderer, BirdWatch watch, string? failing)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"ready: {(renderer.Configuration is null ? "no" : "yes")}\nrevision: {feed.Revision}\n");
        text.Append($"failing: {failing ?? "no"}\nrefused by BIRD: {Refusals(renderer, watch)}\n");
        foreach (DaemonView bird in watch.Views.Daemons) text.Append(Line(bird));
        foreach (BgpSession session in renderer.Sessions.Values.OrderBy(s => s.Name, StringComparer.Ordinal)) text.Append(Line(session, watch.Views.Session(session.Name)));
        foreach ((ResourceKey key, string reason) in feed.Refused) text.Append($"refused: {key}: {reason}\n");
        foreach ((Cidr block, string reason) in feed.RefusedAffinities) text.Append(CultureInfo.InvariantCulture, $"refused: claim to block {block}: {reason}\n");
        foreach (string failure in renderer.Failures) text.Append($"problem: {failure}\n");
        foreach (CalculationProblem problem in renderer.Problems) text.Append($"problem: {problem}\n");
        return text.ToString();
    }

    private static string Refusals(Renderer renderer, BirdWatch watch)
    {
        string[] all = [.. new[] { renderer.Refusal ?? watch.Refusal }.OfType<string>(), .. renderer.WrongSnippets.Select(w => $"snippet {w}")];
        return all.Length == 0 ? "no" : string.Join("; ", all);
    }

    /// <summary>A line for each session, its fields divided by tabs: name, peer, AS, state, since, routes learned, routes told, last error.</summary>
    public static string Peers(Renderer renderer, BirdWatch watch)
    {
        StringBuilder text = new();
        foreach (BgpSession session in renderer.Sessions.Values.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            SessionState? seen = watch.Views.Session(session.Name);
            string state = session.Held.Length > 0 ? "held down" : seen?.State ?? "not in BIRD";
            string error = session.Held.Length > 0 ? session.Held : seen?.LastError is { Length: > 0 } last ? last : "-";
            text.Append(CultureInfo.InvariantCulture, $"{session.Name}\t{session.Description}\t{session.RemoteAs}\t{state}\t{seen?.Since ?? "-"}\t{seen?.Imported ?? 0}\t{seen?.Exported ?? 0}\t{error.Replace('\t', ' ')}\n");
        }
        return text.ToString();
    }

    /// <summary>Its name is written small, as all names of lines.</summary>
    private static string Line(DaemonView bird)
    {
        string name = bird.Dialect.Title.Replace("BIRD", "bird", StringComparison.Ordinal);
        return bird.View is { } view ? $"{name}: {view.Version}, router id {view.RouterId}, configured {view.LastReconfiguration}{(view.IsRecovering ? ", recovering after a restart" : "")}\n" : $"{name}: {bird.Silence}\n";
    }

    private static string Line(BgpSession session, SessionState? seen)
    {
        string state = session.Held.Length > 0 ? $"held down: {session.Held}" : seen is null ? "not in BIRD" : seen.State;
        string detail = seen is { IsEstablished: true } ? string.Create(CultureInfo.InvariantCulture, $", {seen.Imported} routes learned, {seen.Exported} told") : seen is { LastError.Length: > 0 } ? $", last error: {seen.LastError}" : "";
        return $"session {session.Name}: {state}{detail} ({session.Description}, AS {session.RemoteAs})\n";
    }
}
