using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>Which traffic of one family WireGuard carries, as one host sees it.</summary>
/// <param name="Peers">The hosts that encrypted packets are exchanged with, by name.</param>
/// <param name="Thrown">What the ordinary routes lead to though a peer's network may cover it: this host's own, and what is at hosts without a key.</param>
/// <param name="Problems">Why hosts that have a key are no peers; sentences.</param>
public sealed record WireGuardPlan(EquatableArray<WireGuardHost> Peers, EquatableArray<Cidr> Thrown, EquatableArray<string> Problems)
{
    public static WireGuardPlan Empty { get; } = new(default, default, default);

    /// <summary>
    /// Computes it. A function of what is there now: whoever of two hosts came first, both that claim one key are reached without encryption, because packets
    /// for one would go to the other.
    /// </summary>
    /// <param name="nodes">All nodes.</param>
    /// <param name="self">This host.</param>
    /// <param name="family">Of the traffic, and of the addresses that packets are sent to.</param>
    /// <param name="own">This host's public key; none while it is not known.</param>
    /// <param name="owners">Every destination, and whose it is; the addresses of local workloads too.</param>
    /// <param name="encryptHosts">The hosts' own addresses are reached by WireGuard too.</param>
    internal static WireGuardPlan Of(IEnumerable<ClusterNode> nodes, string self, IpFamily family, WireGuardKey own, Dictionary<Cidr, string> owners, bool encryptHosts)
    {
        List<string> problems = [];
        Dictionary<string, (WireGuardKey Key, IpAddress Host)> peers = FindPeers(nodes, self, family, own, problems);
        if (encryptHosts)
            foreach ((string name, (_, IpAddress host)) in peers.OrderBy(p => p.Key, StringComparer.Ordinal)) owners.TryAdd(new Cidr(host), name);
        Dictionary<string, List<Cidr>> allowed = peers.Keys.ToDictionary(name => name, _ => new List<Cidr>(), StringComparer.Ordinal);
        List<Cidr> thrown = [];
        foreach ((Cidr destination, string owner) in owners) (allowed.GetValueOrDefault(owner) ?? thrown).Add(destination);
        return new WireGuardPlan(
            peers.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new WireGuardHost(p.Key, p.Value.Key, p.Value.Host, allowed[p.Key].Order().ToEquatableArray())).ToEquatableArray(),
            thrown.Order().ToEquatableArray(), problems.Order(StringComparer.Ordinal).ToEquatableArray());
    }

    private static Dictionary<string, (WireGuardKey Key, IpAddress Host)> FindPeers(IEnumerable<ClusterNode> nodes, string self, IpFamily family, WireGuardKey own, List<string> problems)
    {
        Dictionary<string, (WireGuardKey Key, IpAddress Host)> peers = new(StringComparer.Ordinal);
        Dictionary<WireGuardKey, List<string>> claims = own.IsNone ? [] : new() { [own] = [self] };
        foreach (ClusterNode node in nodes)
        {
            NodeEnds ends = node.Ends(family);
            if (node.Name == self || ends.WireGuardKey.Length == 0) continue;
            if (!WireGuardKey.TryParse(ends.WireGuardKey, out WireGuardKey key))
            {
                problems.Add($"the public key of Node {node.Name} is none");
                continue;
            }
            if (claims.TryGetValue(key, out List<string>? names)) names.Add(node.Name);
            else claims.Add(key, [node.Name]);
            if (ends.Host is { } host) peers.Add(node.Name, (key, host.Address));
        }
        foreach ((WireGuardKey key, List<string> names) in claims)
        {
            if (names.Count == 1) continue;
            problems.Add($"Nodes {string.Join(", ", names.Order(StringComparer.Ordinal))} have one public key, {key}");
            names.ForEach(name => peers.Remove(name));
        }
        return peers;
    }
}

/// <summary>A host that encrypted packets are exchanged with.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Key">Its public key.</param>
/// <param name="Host">Where they are sent.</param>
/// <param name="AllowedIps">What is there.</param>
public sealed record WireGuardHost(string Node, WireGuardKey Key, IpAddress Host, EquatableArray<Cidr> AllowedIps);
