using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>Another host's end of the VXLAN overlay.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Host">Where encapsulated packets are sent.</param>
/// <param name="Address">The tunnel's address there.</param>
/// <param name="Mac">Hardware address of the device there.</param>
public sealed record VxlanPeer(string Node, IpAddress Host, IpAddress Address, MacAddress Mac)
{
    /// <summary>
    /// The peers of a node in the order of their names. Of two that claim one tunnel or hardware address only the first is kept: entries for both would
    /// send one's packets to the other; the others are problems, each a sentence.
    /// </summary>
    internal static List<VxlanPeer> Of(IEnumerable<ClusterNode> nodes, string self, IpFamily family, List<string> problems)
    {
        List<VxlanPeer> peers = [];
        Dictionary<IpAddress, string> addresses = [];
        Dictionary<MacAddress, string> macs = [];
        foreach (ClusterNode node in nodes.OrderBy(n => n.Name != self).ThenBy(n => n.Name, StringComparer.Ordinal))
        {
            NodeEnds ends = node.Ends(family);
            if (ends.VxlanAddress is not { } address || ends.Host is not { } host) continue;
            if ((addresses.GetValueOrDefault(address) ?? macs.GetValueOrDefault(ends.VxlanMac)) is { } first)
            {
                problems.Add($"Node {node.Name} claims the tunnel address {address} or the hardware address {ends.VxlanMac} of Node {first}: nothing is sent to it through VXLAN");
                continue;
            }
            addresses.Add(address, node.Name);
            macs.Add(ends.VxlanMac, node.Name);
            if (node.Name != self) peers.Add(new VxlanPeer(node.Name, host.Address, address, ends.VxlanMac));
        }
        return peers;
    }
}
