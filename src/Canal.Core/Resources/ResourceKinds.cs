using System.Collections.Frozen;

namespace Canal.Core.Resources;

/// <summary>What is known of each kind: its spelling, its plural in keys, its scope, and the words an operator may use for it.</summary>
public static class ResourceKinds
{
    // In the order of ResourceKind: the enum value is the index.
    private static readonly ResourceKindEntry[] Entries =
    [
        Namespaced(ResourceKind.NetworkPolicy, "networkpolicies", "np", "nps", "policy", "policies", "pol", "pols", "caliconetworkpolicy"),
        Global(ResourceKind.GlobalNetworkPolicy, "globalnetworkpolicies", "gnp", "gnps"),
        Namespaced(ResourceKind.StagedNetworkPolicy, "stagednetworkpolicies", "snp", "snps"),
        Global(ResourceKind.StagedGlobalNetworkPolicy, "stagedglobalnetworkpolicies", "sgnp", "sgnps"),
        Namespaced(ResourceKind.StagedKubernetesNetworkPolicy, "stagedkubernetesnetworkpolicies", "sknp", "sknps"),
        Global(ResourceKind.Tier, "tiers"),
        Global(ResourceKind.Profile, "profiles", "pro", "pros"),
        Namespaced(ResourceKind.WorkloadEndpoint, "workloadendpoints", "wep", "weps"),
        Global(ResourceKind.HostEndpoint, "hostendpoints", "hep", "heps"),
        Namespaced(ResourceKind.NetworkSet, "networksets", "netset", "netsets", "ns"),
        Global(ResourceKind.GlobalNetworkSet, "globalnetworksets", "gnetset", "gnetsets", "gns", "globalnetset", "globalnetsets"),
        Global(ResourceKind.IPPool, "ippools", "ipp", "ipps", "pool", "pools"),
        Global(ResourceKind.IPReservation, "ipreservations", "ipres", "reservation", "reservations"),
        Global(ResourceKind.BGPConfiguration, "bgpconfigurations", "bgpconfig", "bgpconfigs"),
        Global(ResourceKind.BGPPeer, "bgppeers", "bgp", "bgpp", "bgpps", "peer", "peers"),
        Global(ResourceKind.BGPFilter, "bgpfilters", "bgpf", "filter", "filters"),
        Global(ResourceKind.Node, "nodes", "no", "nos"),
        Global(ResourceKind.FelixConfiguration, "felixconfigurations", "felixconfig", "felixconfigs"),
        Global(ResourceKind.ClusterInformation, "clusterinformations", "clusterinfo", "clusterinfos"),
        Global(ResourceKind.CalicoNodeStatus, "caliconodestatuses", "nodestatus"),
        Global(ResourceKind.KubeControllersConfiguration, "kubecontrollersconfigurations", "kubecontrollersconfig", "kubecontrollersconfigs"),
        Global(ResourceKind.IPAMConfiguration, "ipamconfigurations", "ipamconfig", "ipamconfigs"),
        Global(ResourceKind.BlockAffinity, "blockaffinities", "affinity", "affinities"),
        Namespaced(ResourceKind.LiveMigration, "livemigrations"),
    ];

    private static readonly FrozenDictionary<string, ResourceKindEntry> Words = Index();

    /// <summary>All kinds, in the order of <see cref="ResourceKind"/>.</summary>
    public static ReadOnlySpan<ResourceKindEntry> All => Entries;

    public static ResourceKindEntry Of(ResourceKind kind) => Entries[(int)kind];

    /// <summary>Finds a kind by its name, plural or alias, whatever the case.</summary>
    public static bool TryFind(string word, out ResourceKindEntry? entry) => Words.TryGetValue(word, out entry);

    /// <summary>Finds a kind by the exact value of an object's <c>kind</c>.</summary>
    public static bool TryFindName(ReadOnlySpan<char> name, out ResourceKind kind)
    {
        foreach (ResourceKindEntry entry in Entries)
        {
            if (!name.SequenceEqual(entry.Name)) continue;
            kind = entry.Kind;
            return true;
        }
        kind = default;
        return false;
    }

    internal static ResourceKindEntry? ByPlural(ReadOnlySpan<byte> plural)
    {
        foreach (ResourceKindEntry entry in Entries)
            if (plural.SequenceEqual(entry.PluralBytes)) return entry;
        return null;
    }

    /// <summary>True for the four kinds whose name, tier label and annotation follow the naming rules of <see cref="PolicyNames"/>.</summary>
    public static bool IsTiered(this ResourceKind kind) => kind is ResourceKind.NetworkPolicy or ResourceKind.GlobalNetworkPolicy
        or ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy;

    private static ResourceKindEntry Global(ResourceKind kind, string plural, params string[] aliases) =>
        new(kind, kind.ToString(), plural, false, aliases);

    private static ResourceKindEntry Namespaced(ResourceKind kind, string plural, params string[] aliases) =>
        new(kind, kind.ToString(), plural, true, aliases);

    private static FrozenDictionary<string, ResourceKindEntry> Index()
    {
        Dictionary<string, ResourceKindEntry> words = new(StringComparer.OrdinalIgnoreCase);
        foreach (ResourceKindEntry entry in Entries)
        {
            words.TryAdd(entry.Name, entry);
            words.TryAdd(entry.Plural, entry);
            foreach (string alias in entry.Aliases) words.TryAdd(alias, entry);
        }
        return words.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
