using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private readonly List<RoutingRule> rules =
    [
        BuiltIn(IpFamily.V4, 0, RouteTable.Local),
        BuiltIn(IpFamily.V4, 32766, RouteTable.Main),
        BuiltIn(IpFamily.V4, 32767, RouteTable.Default),
        BuiltIn(IpFamily.V6, 0, RouteTable.Local),
        BuiltIn(IpFamily.V6, 32766, RouteTable.Main),
    ];

    private static RoutingRule BuiltIn(IpFamily family, uint priority, uint table) =>
        new() { Family = family, Priority = priority, Table = table, Protocol = RouteProtocol.Kernel };

    private int PerformRule(ChangeVerb verb, RoutingRule rule)
    {
        int there = rules.IndexOf(rule);
        if (verb == ChangeVerb.Add && there >= 0) return Errno.EEXIST;
        if (verb == ChangeVerb.Delete && there < 0) return Errno.ENOENT;
        if (verb == ChangeVerb.Add)
            rules.Insert(PlaceOf(rule), rule);
        else
            rules.RemoveAt(there);
        Tell(verb == ChangeVerb.Add ? KernelEventKind.Changed : KernelEventKind.Removed, rule);
        return 0;
    }

    /// <summary>IPv4 first, then by priority, after its equals.</summary>
    private int PlaceOf(RoutingRule rule)
    {
        int place = rules.FindIndex(other => other.Family > rule.Family || (other.Family == rule.Family && other.Priority > rule.Priority));
        return place < 0 ? rules.Count : place;
    }
}
