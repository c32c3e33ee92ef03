using Canal.Linux.Routing;

namespace Canal.Testing;

/// <summary>What a route stack, fake or real, holds, as text: the part that the fake models, sorted within each kind.</summary>
public static class FakeRouteStackText
{
    /// <summary>Links that modules put into every namespace.</summary>
    private static readonly string[] Fallbacks = ["tunl0", "sit0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6tnl0", "ip6_vti0", "ip6gre0"];

    public static string Write(IRouteStack stack)
    {
        IReadOnlyList<Link> links = [.. stack.Links().Where(link => !Fallbacks.Contains(link.Name))];
        LinkNames names = new(links);
        List<string> lines = [];
        Add(lines, links.Select(link => link with { Mac = null }), names);
        Add(lines, stack.Addresses(), names);
        Add(lines, stack.Routes(default).Where(route => route.Table != RouteTable.Local), names);
        Add(lines, stack.Rules(), names);
        Add(lines, stack.Neighbours().Where(neighbour => neighbour.IsProxy || neighbour.State == NeighbourState.Permanent), names);
        Add(lines, stack.Fdb().Where(entry => entry.Destination is not null), names);
        Add(lines, stack.Qdiscs().Where(qdisc => qdisc.Handle != 0), names);
        Add(lines, links.SelectMany(link => stack.IngressFilters(link.Index)), names);
        return string.Join('\n', lines) + "\n";
    }

    private static void Add(List<string> lines, IEnumerable<KernelObject> subjects, LinkNames names) =>
        lines.AddRange(subjects.Select(subject => subject.Print(names)).Order(StringComparer.Ordinal));
}
