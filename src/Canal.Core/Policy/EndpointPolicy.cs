using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>Everything a dataplane needs to know of one local workload endpoint.</summary>
public sealed record EndpointPolicy(ResourceKey Key, string InterfaceName)
{
    public MacAddress? Mac { get; init; }

    /// <summary>Addresses of the endpoint, each of full length.</summary>
    public EquatableArray<Cidr> Addresses { get; init; }

    /// <summary>Outer addresses that stand for own ones, each own address being one of the endpoint's.</summary>
    public EquatableArray<IpNat> Nats { get; init; }

    /// <summary>Addresses and, after them, floating ones.</summary>
    public EquatableArray<Cidr> RoutedAddresses => Nats.IsEmpty ? Addresses : [.. Addresses, .. Nats.Select(n => new Cidr(n.External)).Where(e => !Addresses.Contains(e))];

    /// <summary>Foreign source prefixes the endpoint may use when the configuration allows it.</summary>
    public EquatableArray<Cidr> SpoofedPrefixes { get; init; }

    /// <summary>Limits of its traffic, or null.</summary>
    public QosControls? Qos { get; init; }

    /// <summary>The BGPPeer by which the workload speaks BGP with its host; empty for none.</summary>
    public string BgpPeer { get; init; } = "";

    public EquatableArray<TierPolicies> Ingress { get; init; }

    public EquatableArray<TierPolicies> Egress { get; init; }

    /// <summary>Profiles that exist, in order.</summary>
    public EquatableArray<string> Profiles { get; init; }

    /// <summary>The tiers of one direction, in order.</summary>
    public EquatableArray<TierPolicies> Tiers(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;

    /// <summary>Namespace and name, as the comments in the kernel say it.</summary>
    public string DisplayName => $"{Key.Namespace}/{Key.Name}";
}
