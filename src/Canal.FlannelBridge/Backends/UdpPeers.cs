using System.Net;
using Canal.Core.Addressing;

namespace Canal.FlannelBridge.Backends;

/// <summary>Which host has which subnet: what the proxy looks a packet's destination up in. Immutable.</summary>
internal sealed class UdpPeers
{
    private readonly (int Length, Dictionary<Cidr, SocketAddress> Hosts)[] byLength;
    private readonly HashSet<uint> senders;

    public UdpPeers(IReadOnlyDictionary<Cidr, IpAddress> hosts, ushort port)
    {
        byLength = [.. hosts.GroupBy(h => (int)h.Key.Length).OrderByDescending(g => g.Key).Select(g => (g.Key, g.ToDictionary(h => h.Key, h => AddressOf(h.Value, port))))];
        senders = [.. hosts.Values.Select(a => a.V4)];
    }

    public static UdpPeers None { get; } = new(new Dictionary<Cidr, IpAddress>(), 0);

    /// <summary>Where a packet to this address goes; null for nowhere.</summary>
    public SocketAddress? To(IpAddress destination)
    {
        foreach ((int length, Dictionary<Cidr, SocketAddress> hosts) in byLength)
            if (hosts.TryGetValue(new Cidr(destination, length), out SocketAddress? host)) return host;
        return null;
    }

    /// <summary>The network has a host with this address: nobody else's packets are let in.</summary>
    public bool Has(IpAddress sender) => senders.Contains(sender.V4);

    private static SocketAddress AddressOf(IpAddress host, ushort port)
    {
        byte[] bytes = new byte[4];
        host.WriteBytes(bytes);
        return new IPEndPoint(new IPAddress(bytes), port).Serialize();
    }
}
