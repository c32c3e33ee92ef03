using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>BGP for the whole cluster (<c>default</c>) or one node (<c>node.NAME</c>). Null and empty mean "not given": defaults are the consumer's.</summary>
public sealed record BgpConfiguration : Resource
{
    public string LogSeverityScreen { get; init; } = "";
    public bool? NodeToNodeMeshEnabled { get; init; }
    public uint? AsNumber { get; init; }
    public ushort? ListenPort { get; init; }
    public EquatableArray<Cidr> ServiceLoadBalancerIps { get; init; }
    public EquatableArray<Cidr> ServiceExternalIps { get; init; }
    public EquatableArray<Cidr> ServiceClusterIps { get; init; }
    public string ServiceLoadBalancerAggregation { get; init; } = "";
    public EquatableArray<BgpCommunity> Communities { get; init; }
    public EquatableArray<PrefixAdvertisement> PrefixAdvertisements { get; init; }
    public SecretKeyRef? NodeMeshPassword { get; init; }

    /// <summary>A Go duration as stored, <c>2m0s</c>.</summary>
    public string NodeMeshMaxRestartTime { get; init; } = "";

    /// <summary>None or NodeIP.</summary>
    public string BindMode { get; init; } = "";
    public EquatableArray<string> IgnoredInterfaces { get; init; }
    public IpAddress? LocalWorkloadPeeringIpV4 { get; init; }
    public IpAddress? LocalWorkloadPeeringIpV6 { get; init; }

    /// <summary>Enabled or Disabled.</summary>
    public string ProgramClusterRoutes { get; init; } = "";
    public int? Ipv4NormalRoutePriority { get; init; }
    public int? Ipv6NormalRoutePriority { get; init; }
}
