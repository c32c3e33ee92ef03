using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Linux.WireGuard;

/// <summary>What makes a device's peers these. Sessions of peers that stay are not touched.</summary>
public static class WireGuardDifference
{
    /// <summary>The changes, in the order in which they are to be made; empty when nothing differs.</summary>
    public static EquatableArray<WireGuardPeerChange> Of(IEnumerable<WireGuardPeer> held, IReadOnlyCollection<WireGuardPeer> wanted)
    {
        Dictionary<WireGuardKey, WireGuardPeer> present = held.ToDictionary(p => p.Key);
        HashSet<WireGuardKey> kept = [.. wanted.Select(p => p.Key)];
        // Those that go first: a peer that takes another key would take its networks from itself.
        List<WireGuardPeerChange> changes = [.. present.Keys.Where(key => !kept.Contains(key)).Select(key => new WireGuardPeerChange(key) { Remove = true })];
        foreach (WireGuardPeer peer in wanted)
            if (Of(present.GetValueOrDefault(peer.Key), peer) is { } change) changes.Add(change);
        return changes.ToEquatableArray();
    }

    /// <summary>What is different of a peer; null: nothing.</summary>
    private static WireGuardPeerChange? Of(WireGuardPeer? held, WireGuardPeer wanted)
    {
        HashSet<Cidr> had = [.. held?.AllowedIps ?? default], wants = [.. wanted.AllowedIps];
        bool replace = !wants.IsSupersetOf(had);
        Cidr[] added = [.. wanted.AllowedIps.Where(c => replace || !had.Contains(c))];
        WireGuardPeerChange change = new(wanted.Key)
        {
            PresharedKey = (held?.PresharedKey ?? WireGuardSecret.None).Equals(wanted.PresharedKey) ? null : wanted.PresharedKey,
            Endpoint = held?.Endpoint == wanted.Endpoint ? null : wanted.Endpoint,
            KeepAlive = held?.KeepAlive == wanted.KeepAlive ? null : wanted.KeepAlive,
            ReplaceAllowedIps = replace,
            AllowedIps = added.ToEquatableArray(),
        };
        return held is not null && change == new WireGuardPeerChange(wanted.Key) ? null : change;
    }
}
