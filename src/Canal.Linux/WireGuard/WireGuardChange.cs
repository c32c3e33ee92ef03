using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Linux.WireGuard;

/// <summary>Changes to a WireGuard device; what is null stays, and so does every peer that is not named.</summary>
public sealed record WireGuardChange
{
    /// <summary>Its link.</summary>
    public required int Interface { get; init; }

    /// <summary>A new private key, of 32 bytes. Kept as memory so that nothing prints it.</summary>
    public ReadOnlyMemory<byte>? PrivateKey { get; init; }

    public ushort? ListenPort { get; init; }

    public uint? Mark { get; init; }

    public EquatableArray<WireGuardPeerChange> Peers { get; init; }
}

/// <summary>A peer that is made or changed; what is null stays.</summary>
public sealed record WireGuardPeerChange(WireGuardKey Key)
{
    /// <summary>It goes; nothing else counts then.</summary>
    public bool Remove { get; init; }

    public WireGuardSecret? PresharedKey { get; init; }

    public WireGuardEndpoint? Endpoint { get; init; }

    /// <summary>Seconds; 0: none.</summary>
    public ushort? KeepAlive { get; init; }

    /// <summary>Those it has are taken away before.</summary>
    public bool ReplaceAllowedIps { get; init; }

    /// <summary>Added; a peer that had one of them loses it.</summary>
    public EquatableArray<Cidr> AllowedIps { get; init; }
}
