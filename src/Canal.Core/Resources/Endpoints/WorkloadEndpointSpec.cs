using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A workload's interface.</summary>
public sealed record WorkloadEndpointSpec
{
    public string Orchestrator { get; init; } = "";

    public string Workload { get; init; } = "";

    public string Node { get; init; } = "";

    public string ContainerId { get; init; } = "";

    public string Pod { get; init; } = "";

    public string Endpoint { get; init; } = "";

    public string ServiceAccountName { get; init; } = "";

    /// <summary>At least one.</summary>
    public EquatableArray<Cidr> IpNetworks { get; init; }

    public EquatableArray<IpNat> IpNats { get; init; }

    /// <summary>At most one of a family.</summary>
    public EquatableArray<IpAddress> Gateways { get; init; }

    /// <summary>In order of precedence.</summary>
    public EquatableArray<string> Profiles { get; init; }

    /// <summary>The host's side; never empty.</summary>
    public string InterfaceName { get; init; } = "";

    public MacAddress? Mac { get; init; }

    public EquatableArray<EndpointPort> Ports { get; init; }

    public EquatableArray<Cidr> AllowSpoofedSourcePrefixes { get; init; }

    public QosControls? QosControls { get; init; }
}
