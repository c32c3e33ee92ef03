namespace Canal.Core.Overlay;

/// <summary>Ways to another host, in the order of precedence where two lead to one destination (after routes to local workloads).</summary>
public enum RouteClass : byte
{
    /// <summary>A VXLAN pool, but the host is in the same subnet: no encapsulation.</summary>
    VxlanSameSubnet,

    /// <summary>Through the VXLAN device.</summary>
    VxlanTunnel,

    /// <summary>An IP-in-IP pool, but the host is in the same subnet.</summary>
    IpipSameSubnet,

    /// <summary>Through the IP-in-IP device.</summary>
    IpipTunnel,

    /// <summary>A pool without encapsulation.</summary>
    NoEncapsulation,

    /// <summary>This host's own block: what no workload has is dropped, not sent round in circles.</summary>
    BlockDrop,
}
