using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Bgp;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Tells of sessions that came up or went down between two looks at BIRD.</summary>
internal static class SessionEvents
{
    public static void Tell(ILogger log, BirdView before, BirdView now, IReadOnlyDictionary<string, BgpSession> wanted)
    {
        foreach ((string name, SessionState session) in now.Sessions)
        {
            bool was = before.Sessions.TryGetValue(name, out SessionState? old) && old.IsEstablished;
            if (session.IsEstablished && (!was || old!.Since != session.Since)) Log.Up(log, session, Describe(name, wanted));
            else if (!session.IsEstablished && was) Log.Down(log, name, Describe(name, wanted), session.State, session.LastError);
        }
        foreach ((string name, SessionState session) in before.Sessions)
            if (session.IsEstablished && !now.Sessions.ContainsKey(name)) Log.Down(log, name, "not wanted any more", "gone", "");
    }

    private static string Describe(string name, IReadOnlyDictionary<string, BgpSession> wanted) => wanted.TryGetValue(name, out BgpSession? session) ? session.Description : "not ours";
}
