using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>What this host's own configuration decides.</summary>
public sealed record BgpChoices
{
    /// <summary>Null: the node's IPv4 address; without one, or with <see cref="HashRouterId"/>, made from the node's name.</summary>
    public IpAddress? RouterId { get; init; }

    public bool HashRouterId { get; init; }

    /// <summary>Prefixes that this host tells beside its blocks.</summary>
    public EquatableArray<Cidr> AdvertisedPrefixes { get; init; }

    /// <summary>A filter that a peer names and nobody has made lets nothing pass; false: it is passed over, as in Calico.</summary>
    public bool RejectWhereFilterIsMissing { get; init; }

    /// <summary>Seconds.</summary>
    public int GracefulRestartWait { get; init; } = 30;
}
