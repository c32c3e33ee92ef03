using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>All that BIRD is to do on this host, in both families, compared by value. <see cref="BirdWriter"/> makes its text.</summary>
public sealed record BirdConfiguration
{
    /// <summary>This host, for the file's first line.</summary>
    public required string NodeName { get; init; }

    /// <summary>An IPv4 address, or a number in that form.</summary>
    public required IpAddress RouterId { get; init; }

    public BgpLogDetail LogDetail { get; init; } = BgpLogDetail.StateChanges;

    /// <summary>Null: 179.</summary>
    public ushort? ListenPort { get; init; }

    /// <summary>Listen on these addresses only; empty for all.</summary>
    public EquatableArray<IpAddress> ListenAddresses { get; init; }

    /// <summary>Where local workloads call this host; used only with <see cref="ListenAddresses"/>.</summary>
    public EquatableArray<IpAddress> WorkloadListenAddresses { get; init; }

    /// <summary>Patterns of interfaces whose own routes are not looked at.</summary>
    public EquatableArray<string> ExcludedInterfaces { get; init; }

    /// <summary>Seconds that BIRD waits for its neighbours after a restart before it drops what they told before.</summary>
    public int GracefulRestartWait { get; init; } = 30;

    public required RoutePolicy V4 { get; init; }

    public required RoutePolicy V6 { get; init; }

    /// <summary>By name.</summary>
    public EquatableArray<BgpSession> Sessions { get; init; }

    /// <summary>Those that sessions name, by name.</summary>
    public EquatableArray<NamedFilter> Filters { get; init; }

    public RoutePolicy Policy(IpFamily family) => family == IpFamily.V4 ? V4 : V6;
}
