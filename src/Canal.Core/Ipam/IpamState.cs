using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>All of IPAM, and who uses its addresses: what <see cref="IpamAudit"/> compares.</summary>
public sealed record IpamState
{
    public Dictionary<Cidr, IpamBlock> Blocks { get; } = [];

    public Dictionary<string, IpamHandle> Handles { get; } = new(StringComparer.Ordinal);

    public Dictionary<(BlockOwner Owner, Cidr Block), IpamAffinity> Claims { get; } = [];

    public List<IpPool> Pools { get; } = [];

    /// <summary>Names of nodes.</summary>
    public HashSet<string> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>Addresses in use, with who uses them.</summary>
    public Dictionary<IpAddress, string> Users { get; } = [];

    /// <summary>The hosts of those who use them.</summary>
    public Dictionary<IpAddress, string> UserNodes { get; } = [];

    /// <summary>Takes in what a resource says of pools, nodes and the use of addresses.</summary>
    public void Add(Resource resource)
    {
        switch (resource)
        {
            case IpPool pool: Pools.Add(pool); break;
            case Node node: Add(node); break;
            case WorkloadEndpoint workload:
                foreach (Cidr network in workload.Spec.IpNetworks)
                    if (network.IsSingleAddress) Use(network.Address, resource.Key.ToString(), workload.Spec.Node);
                break;
            default: break;
        }
    }

    /// <summary>How many addresses of a block are assigned.</summary>
    public static int Used(IpamBlock block) => block.Allocations.Count(allocation => allocation is not null);

    private void Add(Node node)
    {
        Nodes.Add(node.Key.Name);
        foreach (IpAddress? tunnel in (ReadOnlySpan<IpAddress?>)[node.Bgp?.Ipv4IpipTunnelAddress, node.Ipv4VxlanTunnelAddress, node.Ipv6VxlanTunnelAddress, node.WireGuardIpv4Address, node.WireGuardIpv6Address])
            if (tunnel is { } address) Use(address, $"{node.Key} (tunnel)", node.Key.Name);
    }

    private void Use(IpAddress address, string user, string node)
    {
        if (Users.TryAdd(address, user)) UserNodes[address] = node;
    }
}
