using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Felix.Wiring;

/// <summary>What the kernel is known to hold for one interface.</summary>
/// <param name="since">When the interface was first seen; the minimum when it was there before this agent.</param>
internal sealed class HeldState(DateTimeOffset since)
{
    public DateTimeOffset Since { get; } = since;

    /// <summary>Routes of the main table.</summary>
    public HashSet<Route> Routes { get; } = [];

    /// <summary>Permanent entries that are no proxies.</summary>
    public HashSet<Neighbour> Neighbours { get; } = [];

    /// <summary>Single addresses, as workloads call their host by.</summary>
    public HashSet<IpAddress> Addresses { get; } = [];

    /// <summary>Those of them that are wanted no more, and when they go.</summary>
    public Dictionary<IpAddress, DateTimeOffset> Unwanted { get; } = [];

    /// <summary>Takes over what was done.</summary>
    public void Note(KernelChange change)
    {
        if (change.Subject is Route route)
        {
            Routes.RemoveWhere(held => IsSameKey(held, route));
            if (change.Verb != ChangeVerb.Delete) Routes.Add(route);
        }
        else if (change.Subject is Neighbour neighbour)
        {
            Neighbours.RemoveWhere(held => held.Address == neighbour.Address);
            if (change.Verb != ChangeVerb.Delete) Neighbours.Add(neighbour);
        }
        else if (change.Subject is InterfaceAddress address)
        {
            Unwanted.Remove(address.Address);
            if (change.Verb == ChangeVerb.Delete) Addresses.Remove(address.Address);
            else Addresses.Add(address.Address);
        }
    }

    /// <summary>The kernel's own key of a route: one of the two replaces the other.</summary>
    public static bool IsSameKey(Route one, Route other) => one.Destination == other.Destination && one.Metric == other.Metric && one.Table == other.Table;
}
