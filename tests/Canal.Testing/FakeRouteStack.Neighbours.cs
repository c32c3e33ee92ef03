using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private readonly List<Neighbour> neighbours = [];
    private readonly List<FdbEntry> fdb = [];

    private int PerformNeighbour(ChangeVerb verb, Neighbour neighbour)
    {
        if (!links.ContainsKey(neighbour.Interface)) return Errno.ENODEV;
        int there = neighbours.FindIndex(other => other.Interface == neighbour.Interface && other.Address == neighbour.Address && other.IsProxy == neighbour.IsProxy);
        if (verb == ChangeVerb.Delete) return there < 0 ? Errno.ENOENT : Delete(neighbours, there);
        if (neighbour is { IsProxy: false, Mac: null }) return Errno.EINVAL;
        // The kernel does not look at NLM_F_EXCL for a proxy.
        if (there >= 0 && verb == ChangeVerb.Add && !neighbour.IsProxy) return Errno.EEXIST;
        return Put(neighbours, there, neighbour.IsProxy ? Neighbour.Proxy(neighbour.Interface, neighbour.Address) : neighbour);
    }

    private int PerformFdb(ChangeVerb verb, FdbEntry entry)
    {
        if (!links.TryGetValue(entry.Interface, out Link? link)) return Errno.ENODEV;
        if (link.Kind != "vxlan" || !entry.Self || entry.Destination is null || entry.Mac.Value == 0 || (entry.Mac.Value >> 40 & 1) != 0)
            throw new NotSupportedException($"the fake knows unicast FDB entries of VXLAN links only, not {entry}");
        int there = fdb.FindIndex(other => other.Interface == entry.Interface && other.Mac == entry.Mac);
        if (verb == ChangeVerb.Delete && there >= 0 && fdb[there].Destination != entry.Destination) return 0; // the kernel takes nothing away and calls it done
        if (verb == ChangeVerb.Delete) return there < 0 ? Errno.ENOENT : Delete(fdb, there);
        if (there >= 0 && verb == ChangeVerb.Add) return Errno.EEXIST;
        return Put(fdb, there, entry);
    }

    private int Delete<T>(List<T> list, int at) where T : KernelObject
    {
        T gone = list[at];
        list.RemoveAt(at);
        Tell(KernelEventKind.Removed, gone);
        return 0;
    }

    private int Put<T>(List<T> list, int at, T item) where T : KernelObject
    {
        if (at < 0)
            list.Add(item);
        else
            list[at] = item;
        Tell(KernelEventKind.Changed, item);
        return 0;
    }
}
