namespace Canal.Core.Resources;

/// <summary>Limits on an endpoint's traffic; null is no limit. Bandwidths and peak rates in bit/s, bursts in bits, minimum bursts in bytes.</summary>
public sealed record QosControls
{
    public long? IngressBandwidth { get; init; }
    public long? EgressBandwidth { get; init; }
    public long? IngressBurst { get; init; }
    public long? EgressBurst { get; init; }
    public long? IngressPeakrate { get; init; }
    public long? EgressPeakrate { get; init; }
    public long? IngressMinburst { get; init; }
    public long? EgressMinburst { get; init; }

    /// <summary>Packets a second.</summary>
    public long? IngressPacketRate { get; init; }
    public long? EgressPacketRate { get; init; }
    public long? IngressPacketBurst { get; init; }
    public long? EgressPacketBurst { get; init; }
    public long? IngressMaxConnections { get; init; }
    public long? EgressMaxConnections { get; init; }

    /// <summary>The differentiated services code point, 0 to 63.</summary>
    public byte? Dscp { get; init; }
}
