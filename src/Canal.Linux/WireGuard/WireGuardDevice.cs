using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Linux.WireGuard;

/// <summary>A WireGuard device as the kernel tells of it. Its private key is never read.</summary>
public sealed record WireGuardDevice
{
    /// <summary>Of its private key; none: it has no key yet.</summary>
    public WireGuardKey PublicKey { get; init; }

    /// <summary>UDP.</summary>
    public ushort ListenPort { get; init; }

    /// <summary>Mark of the encrypted packets.</summary>
    public uint Mark { get; init; }

    public EquatableArray<WireGuardPeer> Peers { get; init; }
}

/// <summary>Another end, as the kernel tells of it.</summary>
public sealed record WireGuardPeer
{
    public required WireGuardKey Key { get; init; }

    /// <summary>A secret of both ends beside their keys.</summary>
    public WireGuardSecret PresharedKey { get; init; } = WireGuardSecret.None;

    /// <summary>Null while it is not known where the peer is.</summary>
    public WireGuardEndpoint? Endpoint { get; init; }

    /// <summary>Seconds between packets that only keep the way open; 0: none are sent.</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>Where packets through the device are sent to this peer, and may come from it.</summary>
    public EquatableArray<Cidr> AllowedIps { get; init; }

    /// <summary>Of the last handshake, since 1970; 0: there was none.</summary>
    public long LastHandshake { get; init; }

    /// <summary>Bytes received.</summary>
    public ulong Received { get; init; }

    /// <summary>Bytes sent.</summary>
    public ulong Sent { get; init; }
}
