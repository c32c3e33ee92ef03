using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.FlannelBridge.Backends;

/// <summary>What the kernel should hold so that packets get to other hosts' subnets.</summary>
internal sealed class KernelPlan
{
    public Dictionary<Cidr, Route> Routes { get; } = [];

    public HashSet<Neighbour> Neighbours { get; } = [];

    public HashSet<FdbEntry> Fdb { get; } = [];

    /// <summary>Leases that nothing can be made of, and why.</summary>
    public Dictionary<string, string> Refused { get; } = [];

    /// <summary>What did not work and is to be tried again.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>As flannel makes its routes: to the kernel's and operators' eyes an ordinary one.</summary>
    public void Add(Route route)
    {
        Route canonical = (route with { Protocol = RouteProtocol.Boot }).Canonical();
        Routes[canonical.Destination] = canonical;
    }
}
