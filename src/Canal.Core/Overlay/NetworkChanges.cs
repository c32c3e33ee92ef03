using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>What is different between the hosts since the last time.</summary>
public sealed class NetworkChanges
{
    /// <summary>Routes that appeared or changed, and null for those that are not wanted any more.</summary>
    public Dictionary<Cidr, ClusterRoute?> Routes { get; } = [];

    /// <summary>The ends of tunnels, or what they hang on, may be different.</summary>
    public bool Tunnels { get; internal set; }

    /// <summary>What is at which node may be different.</summary>
    public bool Destinations { get; internal set; }

    /// <summary>The sets of addresses are different; null: they are not.</summary>
    public NetworkSets? Sets { get; internal set; }
}

/// <summary>Sets of addresses by which packets between workloads, hosts and the rest are told apart; both families, none covering another.</summary>
/// <param name="Pools">All pools.</param>
/// <param name="Masqueraded">Pools whose traffic to the outside takes the host's address.</param>
/// <param name="Hosts">Addresses of all nodes.</param>
/// <param name="VxlanPeers">Addresses of the nodes that may send VXLAN packets here; empty where VXLAN is not used.</param>
/// <param name="Vxlan4">VXLAN carries IPv4.</param>
/// <param name="Vxlan6">VXLAN carries IPv6.</param>
/// <param name="Ipip">IP-in-IP packets from <paramref name="Hosts"/> are expected.</param>
public sealed record NetworkSets(EquatableArray<Cidr> Pools, EquatableArray<Cidr> Masqueraded, EquatableArray<Cidr> Hosts, EquatableArray<Cidr> VxlanPeers, bool Vxlan4, bool Vxlan6, bool Ipip)
{
    public static NetworkSets Empty { get; } = new(default, default, default, default, false, false, false);
}
