namespace Canal.Core.Overlay;

/// <summary>
/// Pools whose routes to other hosts canal-felix makes instead of BIRD; those with VXLAN are always canal-felix's. FelixConfiguration and BGPConfiguration
/// both say it, each of its own program, and must be each other's complement.
/// </summary>
[Flags]
public enum ClusterRoutes
{
    None = 0,

    /// <summary>Of pools with IP-in-IP.</summary>
    EnabledIpipOnly = 1,

    /// <summary>Of pools without encapsulation.</summary>
    EnabledNoEncapOnly = 2,

    Enabled = EnabledIpipOnly | EnabledNoEncapOnly,
}
