namespace Canal.Core.Overlay;

/// <summary>The parameters that routes between hosts depend on.</summary>
public sealed record NetworkSettings
{
    /// <summary>VXLAN is used; null: where a pool says so.</summary>
    public bool? VxlanEnabled { get; init; }

    /// <summary>IP-in-IP is used; null: where a pool says so.</summary>
    public bool? IpipEnabled { get; init; }

    /// <summary>Routes of which pools are this program's, not BIRD's, beside those of pools with VXLAN.</summary>
    public ClusterRoutes ProgramClusterRoutes { get; init; }

    /// <summary>Routes follow the addresses of workloads, not the blocks that addresses are assigned from.</summary>
    public bool RoutesFromWorkloads { get; init; }

    public bool Ipv6 { get; init; } = true;
}
