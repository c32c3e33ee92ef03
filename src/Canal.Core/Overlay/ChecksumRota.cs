namespace Canal.Core.Overlay;

/// <summary>Whom to try next, and when. One that answers is tried again a day later, one that is silent soon at first and then every few hours.</summary>
public sealed class ChecksumRota
{
    private static readonly TimeSpan Contented = TimeSpan.FromDays(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(4);

    private readonly Dictionary<ChecksumPeer, (DateTimeOffset Due, TimeSpan Pause)> peers = [];

    /// <summary>When the next one is due; null when there is nobody.</summary>
    public DateTimeOffset? Due => peers.Count == 0 ? null : peers.Values.Min(p => p.Due);

    /// <summary>These are all there are; new ones are due at once.</summary>
    public void Follow(IReadOnlyCollection<ChecksumPeer> all, DateTimeOffset now)
    {
        HashSet<ChecksumPeer> kept = [.. all];
        foreach (ChecksumPeer gone in peers.Keys.Where(p => !kept.Contains(p)).ToArray()) peers.Remove(gone);
        foreach (ChecksumPeer peer in kept) peers.TryAdd(peer, (now, FirstPause));
    }

    /// <summary>The one that has waited longest of those that are due; null when none is.</summary>
    public ChecksumPeer? Next(DateTimeOffset now)
    {
        if (Due is not { } due || due > now) return null;
        return peers.First(p => p.Value.Due == due).Key;
    }

    /// <summary>Takes in how a try ended. Where checksums break nobody is tried again over that device: nothing new could be learnt.</summary>
    public void Note(ChecksumPeer peer, ChecksumVerdict verdict, DateTimeOffset now)
    {
        if (verdict == ChecksumVerdict.Broken)
            foreach (ChecksumPeer same in peers.Keys.Where(p => p.Device == peer.Device && p.Index == peer.Index).ToArray()) peers.Remove(same);
        if (!peers.TryGetValue(peer, out (DateTimeOffset Due, TimeSpan Pause) state)) return;
        TimeSpan next = state.Pause * 4;
        peers[peer] = verdict == ChecksumVerdict.Arrive ? (now + Contented, FirstPause) : (now + state.Pause, next < LongestPause ? next : LongestPause);
    }
}
