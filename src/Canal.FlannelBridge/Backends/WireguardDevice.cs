using Canal.Core;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.Linux.WireGuard;

namespace Canal.FlannelBridge.Backends;

/// <summary>One of WireGuard's devices: its key and port, and the peers that leases tell of. Peers in the kernel are read before each change, since nothing tells of them.</summary>
internal sealed class WireguardDevice(string name, ushort port, IWireGuard wireGuard)
{
    private readonly Dictionary<WireGuardKey, (FlannelLease Owner, WireGuardPeer Peer)> wanted = [];
    private Dictionary<WireGuardKey, WireGuardEndpoint?> told = [];

    public string Name => name;

    /// <summary>What other hosts encrypt for; none while the device is not set up.</summary>
    public WireGuardKey PublicKey { get; private set; }

    /// <summary>Gives the device this host's key and port. One that has them does not notice.</summary>
    /// <exception cref="Linux.Netlink.NetlinkException">The kernel refused.</exception>
    public void Configure(int link, ReadOnlyMemory<byte> privateKey)
    {
        PublicKey = default;
        wireGuard.Change(new WireGuardChange { Interface = link, PrivateKey = privateKey, ListenPort = port });
        PublicKey = wireGuard.Read(link).PublicKey;
    }

    /// <summary>No peer is wanted.</summary>
    public void Forget() => wanted.Clear();

    /// <summary>A peer, or one more subnet of one.</summary>
    /// <exception cref="FlannelFormatException">Its key is another's.</exception>
    public void Add(FlannelLease owner, WireGuardPeer peer)
    {
        if (peer.Key == PublicKey) throw new FlannelFormatException("its PublicKey is this host's own");
        if (!wanted.TryGetValue(peer.Key, out (FlannelLease Owner, WireGuardPeer Peer) known)) wanted.Add(peer.Key, (owner, peer));
        else if (!known.Owner.IsOfSameHost(owner)) throw new FlannelFormatException($"its PublicKey is that of {known.Owner.Describe()} too, whose lease is newer");
        else wanted[peer.Key] = (known.Owner, known.Peer with { AllowedIps = [.. known.Peer.AllowedIps, .. peer.AllowedIps] });
    }

    /// <summary>Makes these the device's peers.</summary>
    /// <exception cref="Linux.Netlink.NetlinkException">The kernel refused.</exception>
    public void SetPeers(int link)
    {
        EquatableArray<WireGuardPeer> held = wireGuard.Read(link).Peers;
        Dictionary<WireGuardKey, WireGuardEndpoint?> roamed = held.ToDictionary(p => p.Key, p => p.Endpoint);
        EquatableArray<WireGuardPeerChange> changes = WireGuardDifference.Of(held, [.. wanted.Values.Select(w => Placed(w.Peer, roamed))]);
        if (!changes.IsEmpty) wireGuard.Change(new WireGuardChange { Interface = link, Peers = changes });
        told = wanted.ToDictionary(w => w.Key, w => w.Value.Peer.Endpoint);
    }

    /// <summary>A peer behind NAT is where its last packet came from: until its lease says something else, the kernel knows better.</summary>
    private WireGuardPeer Placed(WireGuardPeer peer, Dictionary<WireGuardKey, WireGuardEndpoint?> roamed) =>
        told.TryGetValue(peer.Key, out WireGuardEndpoint? before) && before == peer.Endpoint && roamed.TryGetValue(peer.Key, out WireGuardEndpoint? now) && now is not null ? peer with { Endpoint = now } : peer;
}
