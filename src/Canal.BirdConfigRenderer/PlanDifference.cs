using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer;

/// <summary>How many sessions a new configuration adds, ends and changes.</summary>
internal readonly record struct PlanDifference(int Added, int Removed, int Changed)
{
    public static PlanDifference Of(BirdConfiguration? before, BirdConfiguration now)
    {
        Dictionary<string, BgpSession> old = (before?.Sessions ?? []).ToDictionary(s => s.Name, StringComparer.Ordinal);
        int added = 0, changed = 0;
        foreach (BgpSession session in now.Sessions)
        {
            if (!old.Remove(session.Name, out BgpSession? was)) added++;
            else if (was != session) changed++;
        }
        return new PlanDifference(added, old.Count, changed);
    }
}
