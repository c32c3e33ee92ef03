using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>Everything that a BIRD configuration follows from. Resources must have passed <see cref="BgpAdmission"/>.</summary>
public sealed record BgpInputs
{
    /// <summary>This host.</summary>
    public required string NodeName { get; init; }

    public IReadOnlyDictionary<string, Node> Nodes { get; init; } = new Dictionary<string, Node>();

    /// <summary><c>default</c> and <c>node.NAME</c>.</summary>
    public IReadOnlyDictionary<string, BgpConfiguration> Configurations { get; init; } = new Dictionary<string, BgpConfiguration>();

    public IReadOnlyDictionary<string, BgpPeer> Peers { get; init; } = new Dictionary<string, BgpPeer>();

    public IReadOnlyDictionary<string, BgpFilter> Filters { get; init; } = new Dictionary<string, BgpFilter>();

    /// <summary>Names of filters that exist and cannot be used.</summary>
    public IReadOnlySet<string> RefusedFilters { get; init; } = new HashSet<string>();

    public IReadOnlyDictionary<string, IpPool> Pools { get; init; } = new Dictionary<string, IpPool>();

    /// <summary>Blocks that this host claims.</summary>
    public IReadOnlyDictionary<Cidr, AffinityState> Affinities { get; init; } = new Dictionary<Cidr, AffinityState>();

    public IReadOnlyCollection<WorkloadPeer> WorkloadPeers { get; init; } = [];

    /// <summary>Those that could be read.</summary>
    public IReadOnlyDictionary<SecretKeyRef, BgpPassword> Passwords { get; init; } = new Dictionary<SecretKeyRef, BgpPassword>();

    public BgpChoices Choices { get; init; } = new();

    /// <summary>The secrets that configuration and peers name.</summary>
    public IEnumerable<SecretKeyRef> Secrets()
    {
        if (Configurations.TryGetValue("default", out BgpConfiguration? global) && global.NodeMeshPassword is { } mesh) yield return mesh;
        foreach (BgpPeer peer in Peers.Values)
            if (peer.Password is { } password) yield return password;
    }
}
