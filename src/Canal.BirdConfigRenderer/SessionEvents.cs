using System.Collections.Immutable;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Bgp;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Tells of sessions that came up or went down, also between two looks at BIRD and with BIRD itself. What was up when this program started is not told.</summary>
internal sealed class SessionEvents(ILogger log)
{
    /// <summary>As they were told last; null before the first look.</summary>
    private ImmutableSortedDictionary<string, SessionState>? told;

    /// <summary>BIRD was looked at.</summary>
    public void See(ImmutableSortedDictionary<string, SessionState> now, IReadOnlyDictionary<string, BgpSession> wanted)
    {
        ImmutableSortedDictionary<string, SessionState> before = told ?? now;
        told = now;
        foreach ((string name, SessionState session) in now) Tell(before.GetValueOrDefault(name), session, Describe(name, wanted));
        foreach ((string name, SessionState session) in before)
            if (session.IsEstablished && !now.ContainsKey(name)) Log.Down(log, name, wanted.ContainsKey(name) ? Describe(name, wanted) : "not wanted any more", "gone", "");
    }

    /// <summary>BIRD does not run.</summary>
    public void Lose(IReadOnlyDictionary<string, BgpSession> wanted)
    {
        foreach ((string name, SessionState session) in told ?? ImmutableSortedDictionary<string, SessionState>.Empty)
            if (session.IsEstablished) Log.Down(log, name, Describe(name, wanted), "BIRD does not run", "");
        told = ImmutableSortedDictionary<string, SessionState>.Empty;
    }

    private void Tell(SessionState? before, SessionState now, string description)
    {
        bool was = before is { IsEstablished: true }, sameAsBefore = was && before!.Since == now.Since;
        if (was && now.IsEstablished && !sameAsBefore) Log.Down(log, now.Name, description, "it was down for a moment", now.LastError);
        if (now.IsEstablished && !sameAsBefore) Log.Up(log, now, description);
        else if (was && !now.IsEstablished) Log.Down(log, now.Name, description, now.State, now.LastError);
    }

    private static string Describe(string name, IReadOnlyDictionary<string, BgpSession> wanted) => wanted.TryGetValue(name, out BgpSession? session) ? session.Description : "not ours";
}
