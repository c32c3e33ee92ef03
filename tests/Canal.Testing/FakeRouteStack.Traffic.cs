using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private readonly List<Qdisc> qdiscs = [];
    private readonly List<IngressFilter> filters = [];
    private uint lastFilter = 0x800007ff;

    /// <summary>Without those that links have by themselves.</summary>
    public IReadOnlyList<Qdisc> Qdiscs() => List([.. qdiscs]);

    public IReadOnlyList<IngressFilter> IngressFilters(int link) => List([.. filters.Where(filter => filter.Interface == link)]);

    private int PerformQdisc(ChangeVerb verb, Qdisc qdisc)
    {
        if (!links.ContainsKey(qdisc.Interface)) return Errno.ENODEV;
        Qdisc? there = qdiscs.Find(other => other.Interface == qdisc.Interface && other.IsRoot == qdisc.IsRoot);
        if (verb == ChangeVerb.Delete) return there is null ? Errno.ENOENT : there.Handle != qdisc.Handle ? Errno.EINVAL : DropQdisc(there);
        if (there is not null && verb == ChangeVerb.Add) return Errno.EEXIST;
        if (there is not null && there.Handle == qdisc.Handle && there.Kind != qdisc.Kind) return Errno.EINVAL;
        if (qdisc.Bucket is { PeakRate: > 0 } bucket && bucket.PeakRate <= bucket.Rate) return Errno.EINVAL;
        if (there is not null) qdiscs.Remove(there);
        if (there is not null && there.Handle != qdisc.Handle) Tell(KernelEventKind.Removed, there);
        qdiscs.Add(qdisc);
        Tell(KernelEventKind.Changed, qdisc);
        return 0;
    }

    /// <summary>The filters of a hook go without a word.</summary>
    private int DropQdisc(Qdisc qdisc)
    {
        qdiscs.Remove(qdisc);
        if (!qdisc.IsRoot) filters.RemoveAll(filter => filter.Interface == qdisc.Interface);
        Tell(KernelEventKind.Removed, qdisc);
        return 0;
    }

    private int PerformFilter(ChangeVerb verb, IngressFilter filter)
    {
        if (!links.ContainsKey(filter.Interface)) return Errno.ENODEV;
        if (!qdiscs.Exists(qdisc => qdisc.Interface == filter.Interface && !qdisc.IsRoot)) return Errno.EINVAL;
        int there = filters.FindIndex(other => other.Interface == filter.Interface && other.Handle == filter.Handle);
        if (verb == ChangeVerb.Delete && there < 0) return Errno.ENOENT;
        if (verb == ChangeVerb.Delete) return Drop(filters, filters[there]);
        if (!links.ContainsKey(filter.Target!.Value)) return Errno.ENODEV;
        IngressFilter made = filter.Handle == 0 ? filter with { Handle = ++lastFilter } : filter;
        if (there < 0) filters.Add(made);
        else filters[there] = made;
        Tell(KernelEventKind.Changed, made);
        return 0;
    }

    private int Drop<T>(List<T> list, T gone) where T : KernelObject
    {
        list.Remove(gone);
        Tell(KernelEventKind.Removed, gone);
        return 0;
    }

    /// <summary>Filters that lead to a link which goes lead nowhere then, and drop.</summary>
    private void DropTraffic(int link)
    {
        qdiscs.RemoveAll(qdisc => qdisc.Interface == link);
        filters.RemoveAll(filter => filter.Interface == link);
        for (int i = 0; i < filters.Count; i++)
            if (filters[i].Target == link) filters[i] = filters[i] with { Target = 0 };
    }
}
