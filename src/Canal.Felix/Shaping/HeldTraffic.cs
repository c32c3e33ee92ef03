using Canal.Linux.Routing;

namespace Canal.Felix.Shaping;

/// <summary>Qdiscs and filters that the kernel is known to hold for one link.</summary>
internal sealed class HeldTraffic
{
    /// <summary>Null for the one that a link has by itself.</summary>
    public Qdisc? Root { get; private set; }

    /// <summary>What filters for incoming packets hang on.</summary>
    public Qdisc? Hook { get; private set; }

    public List<IngressFilter> Filters { get; } = [];

    /// <summary>A hook takes its filters with it, and nobody tells of them.</summary>
    public void Note(Qdisc qdisc, bool removed)
    {
        Qdisc? now = removed || qdisc.Handle == 0 ? null : qdisc;
        if (!qdisc.IsRoot)
        {
            if (removed) Filters.Clear();
            Hook = now;
        }
        else if (!removed || Root?.Handle == qdisc.Handle)
        {
            Root = now;
        }
    }

    /// <summary>Without a handle it is all those of its number.</summary>
    public void Note(IngressFilter filter, bool removed)
    {
        Filters.RemoveAll(f => f.Priority == filter.Priority && (filter.Handle == 0 || f.Handle == filter.Handle));
        if (!removed && filter.Handle != 0) Filters.Add(filter);
    }
}
