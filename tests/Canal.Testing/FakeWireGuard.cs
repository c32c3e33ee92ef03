using System.Security.Cryptography;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.WireGuard;

namespace Canal.Testing;

/// <summary>
/// The kernel's WireGuard in memory, on the links of a <see cref="FakeRouteStack"/>: one network has one peer, a peer that is this device is passed over, and a
/// device dies with its link. A public key is a hash of the private one.
/// </summary>
public sealed class FakeWireGuard(FakeRouteStack links) : IWireGuard
{
    private readonly Dictionary<int, WireGuardDevice> devices = [];
    private int refusal;

    /// <summary>Every change asked for.</summary>
    public List<WireGuardChange> Requests { get; } = [];

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(WireGuardKey.Length);

    /// <summary>The next change is refused.</summary>
    public void RefuseNext(int errno) => refusal = errno;

    public WireGuardDevice Read(int link)
    {
        if (links.Links().FirstOrDefault(l => l.Index == link) is not { Kind: "wireguard" })
        {
            devices.Remove(link);
            throw new NetlinkException($"read the WireGuard device of link {link}", Errno.ENODEV);
        }
        return devices.TryGetValue(link, out WireGuardDevice? device) ? device : devices[link] = new WireGuardDevice();
    }

    /// <summary>The device of that name.</summary>
    public WireGuardDevice Read(string name) => Read(links.FindLink(name)!.Index);

    public void Change(WireGuardChange change)
    {
        Requests.Add(change);
        WireGuardDevice device = Read(change.Interface);
        if (refusal != 0)
        {
            (int errno, refusal) = (refusal, 0);
            throw new NetlinkException($"change the WireGuard device of link {change.Interface}", errno);
        }
        device = device with
        {
            PublicKey = change.PrivateKey is { } key ? WireGuardKey.FromBytes(SHA256.HashData(key.Span)) : device.PublicKey,
            ListenPort = change.ListenPort ?? device.ListenPort,
            Mark = change.Mark ?? device.Mark,
        };
        List<WireGuardPeer> peers = [.. device.Peers];
        foreach (WireGuardPeerChange peer in change.Peers)
            if (peer.Key != device.PublicKey) Change(peers, peer);
        devices[change.Interface] = device with { Peers = peers.ToEquatableArray() };
    }

    private static void Change(List<WireGuardPeer> peers, WireGuardPeerChange change)
    {
        int place = peers.FindIndex(p => p.Key == change.Key);
        if (change.Remove)
        {
            if (place >= 0) peers.RemoveAt(place);
            return;
        }
        for (int i = 0; i < peers.Count; i++)
            if (i != place) peers[i] = peers[i] with { AllowedIps = peers[i].AllowedIps.Where(c => !change.AllowedIps.Contains(c)).ToEquatableArray() };
        WireGuardPeer peer = place >= 0 ? peers[place] : new WireGuardPeer { Key = change.Key };
        IEnumerable<Cidr> kept = change.ReplaceAllowedIps ? [] : peer.AllowedIps;
        peer = peer with { PresharedKey = change.PresharedKey ?? peer.PresharedKey, Endpoint = change.Endpoint ?? peer.Endpoint, KeepAlive = change.KeepAlive ?? peer.KeepAlive, AllowedIps = kept.Union(change.AllowedIps).Order().ToEquatableArray() };
        if (place >= 0) peers[place] = peer;
        else peers.Add(peer);
    }
}
