namespace Canal.Core.Overlay;

/// <summary>The parameters that routes between hosts depend on.</summary>
public sealed record NetworkSettings
{
    /// <summary>VXLAN is used; null: where a pool says so.</summary>
    public bool? VxlanEnabled { get; init; }

    /// <summary>IP-in-IP is used; null: where a pool says so.</summary>
    public bool? IpipEnabled { get; init; }

    /// <summary>Routes of pools with IP-in-IP or without encapsulation are this program's too, not BIRD's.</summary>
    public bool ProgramClusterRoutes { get; init; }

    /// <summary>Routes follow the addresses of workloads, not the blocks that addresses are assigned from.</summary>
    public bool RoutesFromWorkloads { get; init; }

    public bool Ipv6 { get; init; } = true;
}
