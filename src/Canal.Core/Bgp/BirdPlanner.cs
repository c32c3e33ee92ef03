using System.Security.Cryptography;
using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Calculation;

namespace Canal.Core.Bgp;

/// <summary>
/// From the cluster's resources to what BIRD is to do on one host. A pure function, cheap enough to be called for every change; whether anything changed is
/// a comparison of two <see cref="BirdConfiguration"/> values.
/// </summary>
public static class BirdPlanner
{
    public static BirdPlan Plan(BgpInputs inputs)
    {
        List<CalculationProblem> problems = [];
        BgpCluster cluster = new(inputs);
        SessionPlanner sessions = new(inputs, cluster, problems);
        if (cluster.Self is { } self) sessions.Plan(self);
        BirdConfiguration configuration = new()
        {
            NodeName = inputs.NodeName,
            RouterId = RouterIdOf(inputs, cluster),
            LogDetail = LogDetailOf((cluster.Own is { LogSeverityScreen.Length: > 0 } own ? own : cluster.Default)?.LogSeverityScreen ?? ""),
            ListenPort = cluster.ListenPortOf(inputs.NodeName),
            ListenAddresses = ListenAddresses(cluster),
            WorkloadListenAddresses = WorkloadListenAddresses(cluster),
            ExcludedInterfaces = ["cali*", "kube-ipvs*", .. cluster.Default?.IgnoredInterfaces ?? []],
            GracefulRestartWait = inputs.Choices.GracefulRestartWait,
            V4 = new PolicyPlanner(inputs, cluster, IpFamily.V4).Plan(sessions.HostRoutes, problems),
            V6 = new PolicyPlanner(inputs, cluster, IpFamily.V6).Plan(sessions.HostRoutes, problems),
            Sessions = sessions.Sessions,
            Filters = sessions.Filters,
        };
        return new BirdPlan(configuration, problems.ToEquatableArray());
    }

    private static IpAddress RouterIdOf(BgpInputs inputs, BgpCluster cluster)
    {
        if (inputs.Choices.RouterId is { } given) return given;
        IpAddress? own = cluster.Self is null ? null : BgpCluster.AddressOf(cluster.Self, IpFamily.V4);
        return own is null || inputs.Choices.HashRouterId ? HashOf(inputs.NodeName) : own.Value;
    }

    /// <summary>As Calico's <c>hash</c>: the first four bytes of the name's SHA-256, outside of multicast.</summary>
    private static IpAddress HashOf(string name)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        if (hash[0] > 223) hash[0] -= 32;
        return IpAddress.FromBytes(hash.AsSpan(0, 4));
    }

    private static BgpLogDetail LogDetailOf(string severity) => severity.ToUpperInvariant() switch
    {
        "DEBUG" => BgpLogDetail.Everything,
        "" or "INFO" => BgpLogDetail.StateChanges,
        _ => BgpLogDetail.Nothing,
    };

    private static EquatableArray<IpAddress> ListenAddresses(BgpCluster cluster)
    {
        List<IpAddress> addresses = [];
        if (cluster.Default?.BindMode != "NodeIP" || cluster.Self is null) return [];
        foreach (IpFamily family in BgpCluster.Families)
            if (BgpCluster.AddressOf(cluster.Self, family) is { } address) addresses.Add(address);
        return addresses.ToEquatableArray();
    }

    private static EquatableArray<IpAddress> WorkloadListenAddresses(BgpCluster cluster)
    {
        List<IpAddress> addresses = [];
        if (cluster.Default?.LocalWorkloadPeeringIpV4 is { } v4) addresses.Add(v4);
        if (cluster.Default?.LocalWorkloadPeeringIpV6 is { } v6) addresses.Add(v6);
        return addresses.ToEquatableArray();
    }
}
