namespace Canal.Linux.Tunnels;

/// <summary>Whether checksums of packets in tunnels are left open, for whoever sends the wrapped packet to fill in.</summary>
public enum OffloadUse
{
    /// <summary>Until they are seen to arrive wrong.</summary>
    Automatic,

    /// <summary>As the device is.</summary>
    Kept,

    /// <summary>Never.</summary>
    Off,
}
