using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Overlay;

/// <summary>Routes between hosts, computed from everything by the rules as they are written down, without any memory.</summary>
internal sealed class NaiveNetwork
{
    public Dictionary<string, IpPool> Pools { get; } = [];
    public SortedDictionary<string, Node> Nodes { get; } = new(StringComparer.Ordinal);
    public Dictionary<Cidr, IpamBlock> Blocks { get; } = [];
    public Dictionary<string, Cidr> Local { get; } = [];
    public NetworkSettings Settings { get; set; } = new();

    public SortedDictionary<string, string> Routes(string self)
    {
        Dictionary<Cidr, List<(int Rank, string Node, bool Whole)>> claims = [];
        void Claim(Cidr at, int rank, string node, bool whole)
        {
            if (!claims.ContainsKey(at)) claims[at] = [];
            claims[at].Add((rank, node, whole));
        }
        foreach (Node node in Nodes.Values)
            foreach (IpAddress? address in new[] { node.Ipv4VxlanTunnelAddress, node.Bgp!.Ipv4IpipTunnelAddress })
                if (address is { } tunnel) Claim(new Cidr(tunnel), 0, node.Key.Name, false);
        foreach (IpamBlock block in Blocks.Values)
        {
            string owner = block.Affinity?.Name ?? "";
            if (owner != "") Claim(block.Cidr, 2, owner, true);
            for (int i = 0; i < block.Allocations.Count; i++)
                if (block.Allocations[i] is { } index && block.Attributes[index].Secondary["node"] is { } node && node != owner)
                    Claim(new Cidr(IpAddress.FromV4(block.Cidr.Address.V4 + (uint)i)), 1, node, false);
        }
        SortedDictionary<string, string> routes = new(StringComparer.Ordinal);
        foreach ((Cidr at, var all) in claims)
        {
            if (Local.ContainsValue(at)) continue;
            ClusterRoute? best = all.OrderBy(c => c.Rank).ThenBy(c => c.Node, StringComparer.Ordinal).Select(c => Route(self, at, c.Node, c.Whole)).Where(r => r is not null).OrderBy(r => r!.Class).FirstOrDefault();
            if (best is not null) routes[at.ToString()] = best.ToString();
        }
        return routes;
    }

    private ClusterRoute? Route(string self, Cidr at, string node, bool whole)
    {
        IpPool? pool = Pools.Values.GroupBy(p => p.Cidr).Select(g => g.OrderBy(p => p.Key.Name, StringComparer.Ordinal).First()).Where(p => p.Cidr.Contains(at)).OrderByDescending(p => p.Cidr.Length).FirstOrDefault();
        if (pool is null) return null;
        bool byVxlan = pool.VxlanMode != EncapsulationMode.Never, byIpip = !byVxlan && pool.IpipMode != EncapsulationMode.Never;
        if (byVxlan && Settings.VxlanEnabled == false) return null;
        if (byIpip && Settings.IpipEnabled == false) return null;
        if (!byVxlan && (Settings.ProgramClusterRoutes & (byIpip ? ClusterRoutes.EnabledIpipOnly : ClusterRoutes.EnabledNoEncapOnly)) == 0) return null;
        if (node == self) return whole ? new ClusterRoute(at, RouteClass.BlockDrop, null) : null;
        if (!Nodes.TryGetValue(node, out Node? other) || other.HostAddress(IpFamily.V4) is not { } host) return null;
        Nodes.TryGetValue(self, out Node? own);
        bool near = own?.HostAddress(IpFamily.V4)?.Network.Contains(host.Address) == true;
        if (byVxlan && near && pool.VxlanMode == EncapsulationMode.CrossSubnet) return new ClusterRoute(at, RouteClass.VxlanSameSubnet, host.Address);
        if (byVxlan)
        {
            if (own?.Ipv4VxlanTunnelAddress is null || own.HostAddress(IpFamily.V4) is null || other.Ipv4VxlanTunnelAddress is not { } far || !IsKept(self, node)) return null;
            return new ClusterRoute(at, RouteClass.VxlanTunnel, at == new Cidr(far) ? null : far);
        }
        if (byIpip) return new ClusterRoute(at, near && pool.IpipMode == EncapsulationMode.CrossSubnet ? RouteClass.IpipSameSubnet : RouteClass.IpipTunnel, host.Address);
        return near ? new ClusterRoute(at, RouteClass.NoEncapsulation, host.Address) : null;
    }

    /// <summary>Nobody before it, and no kept one, has its tunnel address.</summary>
    private bool IsKept(string self, string node)
    {
        HashSet<IpAddress> taken = [];
        foreach (string name in Nodes.Keys.Where(n => n == self).Concat(Nodes.Keys.Where(n => n != self)))
        {
            if (Nodes[name].Ipv4VxlanTunnelAddress is not { } address || Nodes[name].HostAddress(IpFamily.V4) is null) continue;
            bool kept = taken.Add(address);
            if (name == node) return kept;
        }
        return false;
    }
}
