using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>What is told, learned and written to the kernel in one family.</summary>
internal sealed class PolicyPlanner(BgpInputs inputs, BgpCluster cluster, IpFamily family)
{
    private const int DefaultPriority = 1024;
    private const string ExcludedLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

    private readonly Cidr[] services = [.. ServiceRanges(cluster.Default).Where(c => c.Family == family).Distinct().Order()];

    public RoutePolicy Plan(IEnumerable<HostRoute> hostRoutes, List<CalculationProblem> problems)
    {
        Cidr[] advertised = [.. Advertised().Distinct().Order()];
        Cidr[] blocks = [.. inputs.Affinities.Where(a => a.Key.Family == family && a.Value != AffinityState.Pending).Select(a => a.Key)];
        IpPool[] pools = [.. inputs.Pools.Values.Where(p => p.Cidr.Family == family)];
        return new RoutePolicy
        {
            Family = family,
            NormalPriority = Priority,
            Blackholes = blocks.Where(b => !b.IsSingleAddress).Concat(advertised).Distinct().Order().ToEquatableArray(),
            LastResorts = inputs.Choices.AdvertisedPrefixes.Where(c => c.Family == family).Distinct().Order().ToEquatableArray(),
            HostRoutes = hostRoutes.Where(r => r.Destination.Family == family).OrderBy(r => r.Destination).ThenBy(r => r.Gateway).DistinctBy(r => r.Destination).ToEquatableArray(),
            KernelRejects = services.ToEquatableArray(),
            KernelPools = KernelPools(pools),
            LocalSubnet = cluster.Self is null ? null : BgpCluster.SubnetOf(cluster.Self, family),
            UnexportedPools = Distinct(pools.Where(p => p.DisableBgpExport)),
            ExportedPools = Distinct(pools.Where(p => !p.DisableBgpExport)),
            LocalBlocks = inputs.Affinities.Where(a => a.Key.Family == family && a.Value is AffinityState.Confirmed or AffinityState.Unset).Select(a => a.Key).Where(c => c.Family == family).Order().ToEquatableArray(),
            AdvertisedPrefixes = advertised.ToEquatableArray(),
            ReflectedPrefixes = cluster.Self is not null && BgpCluster.ClusterIdOf(cluster.Self) is not null ? LoadBalancerRanges(cluster.Default).Where(c => c.Family == family).Distinct().Order().ToEquatableArray() : [],
            Communities = Communities(problems),
        };
    }

    private int Priority => (family == IpFamily.V4 ? cluster.Default?.Ipv4NormalRoutePriority : cluster.Default?.Ipv6NormalRoutePriority) is > 0 and { } given ? given : DefaultPriority;

    private static EquatableArray<Cidr> Distinct(IEnumerable<IpPool> pools) => pools.Select(p => p.Cidr).Distinct().Order().ToEquatableArray();

    private static IEnumerable<Cidr> ServiceRanges(BgpConfiguration? configuration) => configuration is null ? [] :
        [.. configuration.ServiceClusterIps, .. configuration.ServiceExternalIps.Where(c => !c.IsSingleAddress), .. LoadBalancerRanges(configuration)];

    private static IEnumerable<Cidr> LoadBalancerRanges(BgpConfiguration? configuration) =>
        configuration is null || configuration.ServiceLoadBalancerAggregation == "Disabled" ? [] : configuration.ServiceLoadBalancerIps.Where(c => !c.IsSingleAddress);

    private IEnumerable<Cidr> Advertised()
    {
        bool excluded = cluster.Self?.Metadata.Labels[ExcludedLabel] == "true";
        return inputs.Choices.AdvertisedPrefixes.Where(c => c.Family == family).Concat(excluded ? [] : services);
    }

    /// <summary>Narrow before wide, so that a pool inside another is judged by its own mode. None for a node without an address of the family, as in Calico.</summary>
    private EquatableArray<KernelPool> KernelPools(IpPool[] pools)
    {
        if (cluster.Self is null || BgpCluster.AddressOf(cluster.Self, family) is null) return [];
        return pools.OrderByDescending(p => p.Cidr.Length).ThenBy(p => p.Cidr).ThenBy(p => p.Key.Name, StringComparer.Ordinal).DistinctBy(p => p.Cidr)
            .Select(p => new KernelPool(p.Cidr, RouteOf(p))).ToEquatableArray();
    }

    private PoolRoute RouteOf(IpPool pool)
    {
        if (pool.VxlanMode != EncapsulationMode.Never) return PoolRoute.LeaveToAgent;
        bool tunnelled = pool.IpipMode != EncapsulationMode.Never;
        string program = cluster.Default?.ProgramClusterRoutes ?? "";
        if (program == "Disabled" || program == (tunnelled ? "EnabledNoEncapOnly" : "EnabledIPIPOnly")) return PoolRoute.LeaveToAgent;
        if (!tunnelled || family == IpFamily.V6) return PoolRoute.Plain;
        return pool.IpipMode == EncapsulationMode.Always ? PoolRoute.Tunnel : PoolRoute.TunnelAcrossSubnets;
    }

    private EquatableArray<PrefixCommunities> Communities(List<CalculationProblem> problems)
    {
        BgpConfiguration? source = cluster.Own is { PrefixAdvertisements.IsEmpty: false } own ? own : cluster.Default;
        if (source is null) return [];
        List<PrefixCommunities> prefixes = [];
        foreach (PrefixAdvertisement advertisement in source.PrefixAdvertisements)
        {
            if (advertisement.Cidr.Family != family) continue;
            SortedSet<BgpCommunityValue> values = [];
            foreach (string name in advertisement.Communities)
            {
                if (Community(source, name) is { } value) values.Add(value);
                else problems.Add(new CalculationProblem(source.Key, $"spec.prefixAdvertisements: {Problem.Quote(name)} is neither a community nor the name of one; it is left out"));
            }
            if (values.Count > 0) prefixes.Add(new PrefixCommunities(advertisement.Cidr, values.ToEquatableArray()));
        }
        return prefixes.OrderBy(p => p.Prefix).ToEquatableArray();
    }

    private BgpCommunityValue? Community(BgpConfiguration source, string name)
    {
        if (BgpCommunityValue.TryParse(name, out BgpCommunityValue value)) return value;
        foreach (BgpCommunity community in source.Communities.Concat(cluster.Default?.Communities ?? []))
            if (community.Name == name && BgpCommunityValue.TryParse(community.Value, out BgpCommunityValue named)) return named;
        return null;
    }
}
