using Canal.Core;
using Canal.Core.Addressing;
using Canal.Felix.Drops;
using Canal.Felix.Revocation;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>The parameters that decide what is programmed, as one value: equal parameters mean nothing to do.</summary>
internal sealed record FelixParameters
{
    public EquatableArray<string> InterfacePrefixes { get; init; } = ["cali"];
    public EquatableArray<string> InterfaceExclude { get; init; } = FelixSettings.InterfaceExclude.Default.ToEquatableArray();

    /// <summary>How often nftables' table is read back; zero for never.</summary>
    public TimeSpan TableRefresh { get; init; }

    public EndpointToHostAction EndpointToHost { get; init; } = EndpointToHostAction.Drop;
    public DenyAction Deny { get; init; } = DenyAction.Drop;
    public OnRevoke OnRevoke { get; init; }
    public ushort? DropGroup { get; init; }
    public string LogPrefix { get; init; } = "calico-packet";
    public RateLimit? LogLimit { get; init; }
    public bool SpoofingAllowed { get; init; }
    public ushort VxlanPort { get; init; } = 4789;
    public bool VxlanFromWorkloads { get; init; }
    public bool IpipFromWorkloads { get; init; }
    public bool KeepInvalid { get; init; }
    public bool OwnsTable { get; init; }
    public MarkBits Marks { get; init; } = new(0xffff0000);
    public EquatableArray<FailsafePort> FailsafeIn { get; init; } = FailsafePort.ListOf(FelixSettings.FailsafeInbound.Default);
    public EquatableArray<FailsafePort> FailsafeOut { get; init; } = FailsafePort.ListOf(FelixSettings.FailsafeOutbound.Default);
    public bool RemoveExternalRoutes { get; init; } = true;
    public bool IpForwarding { get; init; } = true;
    public bool Ipv6 { get; init; } = true;
    public uint Ipv4Metric { get; init; } = 1024;
    public uint Ipv6Metric { get; init; } = 1024;
    public byte RouteProtocol { get; init; } = Linux.Routing.RouteProtocol.Calico;

    /// <summary>Protocols that this program's routes had before, of which there may still be some.</summary>
    public EquatableArray<byte> FormerProtocols { get; init; }

    public IpAddress? RouteSource4 { get; init; }
    public IpAddress? RouteSource6 { get; init; }
    public bool RouteSyncDisabled { get; init; }
    public NetworkParameters Network { get; init; } = new();
    public IptablesParameters Iptables { get; init; } = new();

    /// <summary>Where workloads that speak BGP call their host: an address of each of their interfaces' host ends.</summary>
    public EquatableArray<IpAddress> PeeringAddresses { get; init; }

    /// <summary>As many kernel rules may stand for a policy's rule in the policy's own chain; more get a chain of their own. Not for users.</summary>
    public int VariantsInLine { get; init; } = 16;

    /// <summary>Metric of workload routes of the family.</summary>
    public uint Metric(IpFamily family) => family == IpFamily.V4 ? Ipv4Metric : Ipv6Metric;

    /// <summary>Source address of the host's own packets by routes of the family; null: the kernel chooses.</summary>
    public IpAddress? RouteSource(IpFamily family) => family == IpFamily.V4 ? RouteSource4 : RouteSource6;

    /// <summary>A route of that protocol is this program's: also Calico's number, and those that were configured before.</summary>
    public bool IsOwnProtocol(byte protocol) => protocol == RouteProtocol || protocol == Linux.Routing.RouteProtocol.Calico || FormerProtocols.Contains(protocol);

    /// <summary>
    /// Protocol of routes between hosts, which may be on any interface: where the number is one under which others have their routes, which could not be told
    /// apart, it is Calico's.
    /// </summary>
    public byte OverlayRouteProtocol => Linux.Routing.RouteProtocol.IsOthers(RouteProtocol) ? Linux.Routing.RouteProtocol.Calico : RouteProtocol;

    /// <summary>The same of a route between hosts.</summary>
    public bool IsOwnOverlayProtocol(byte protocol) =>
        protocol == OverlayRouteProtocol || protocol == Linux.Routing.RouteProtocol.Calico || (FormerProtocols.Contains(protocol) && !Linux.Routing.RouteProtocol.IsOthers(protocol));

    /// <summary>All of these: never a number under which others have their routes.</summary>
    public IEnumerable<byte> OwnOverlayProtocols => FormerProtocols.Append(RouteProtocol).Append(Linux.Routing.RouteProtocol.Calico).Where(IsOwnOverlayProtocol).Distinct();

    /// <summary>The interface belongs to workloads by its name.</summary>
    public bool IsWorkloadInterface(string name)
    {
        foreach (string prefix in InterfacePrefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>Connections are revoked by a bit of their marks: without a fourth one they are kept.</summary>
    private static OnRevoke OnRevokeOf(HostingConfiguration configuration, MarkBits marks) => marks.Revoked == 0 ? OnRevoke.Keep : configuration.Get(FelixSettings.OnRevoke);

    /// <summary>As the configuration has them for a dataplane.</summary>
    public static FelixParameters From(HostingConfiguration configuration, DataplaneKind dataplane = DataplaneKind.Nftables)
    {
        bool iptables = dataplane == DataplaneKind.Iptables;
        MarkBits marks = new((uint)configuration.Get(iptables ? IptablesSettings.MarkMask : FelixSettings.NftablesMarkMask));
        return Shared(configuration) with
        {
            Deny = configuration.Get(iptables ? IptablesSettings.FilterDenyAction : FelixSettings.FilterDenyAction),
            OnRevoke = OnRevokeOf(configuration, marks),
            Marks = marks,
        };
    }

    /// <summary>What does not depend on the dataplane.</summary>
    private static FelixParameters Shared(HostingConfiguration configuration) => new()
    {
        InterfacePrefixes = configuration.Get(FelixSettings.InterfacePrefix).ToEquatableArray(),
        InterfaceExclude = configuration.Get(FelixSettings.InterfaceExclude).ToEquatableArray(),
        TableRefresh = configuration.Get(FelixSettings.NftablesRefreshInterval),
        EndpointToHost = configuration.Get(FelixSettings.DefaultEndpointToHostAction),
        DropGroup = DropParameters.From(configuration) is { Log: not DropLog.Off, Group: ushort group } ? group : null,
        LogPrefix = configuration.Get(FelixSettings.LogPrefix),
        LogLimit = RateLimit.TryParse(configuration.Get(FelixSettings.LogActionRateLimit), (uint)configuration.Get(FelixSettings.LogActionRateLimitBurst), out RateLimit? limit) ? limit : null,
        SpoofingAllowed = configuration.Get(FelixSettings.WorkloadSourceSpoofing),
        VxlanPort = (ushort)configuration.Get(FelixSettings.VxlanPort),
        VxlanFromWorkloads = configuration.Get(FelixSettings.AllowVxlanFromWorkloads),
        IpipFromWorkloads = configuration.Get(FelixSettings.AllowIpipFromWorkloads),
        KeepInvalid = configuration.Get(FelixSettings.DisableConntrackInvalidCheck),
        OwnsTable = configuration.Get(FelixSettings.NftablesTableOwned),
        FailsafeIn = FailsafePort.ListOf(configuration.Get(FelixSettings.FailsafeInbound)),
        FailsafeOut = FailsafePort.ListOf(configuration.Get(FelixSettings.FailsafeOutbound)),
        RemoveExternalRoutes = configuration.Get(FelixSettings.RemoveExternalRoutes),
        IpForwarding = configuration.Get(FelixSettings.IpForwarding),
        Ipv6 = configuration.Get(FelixSettings.Ipv6Support),
        Ipv4Metric = (uint)configuration.Get(FelixSettings.Ipv4NormalRoutePriority),
        Ipv6Metric = (uint)configuration.Get(FelixSettings.Ipv6NormalRoutePriority),
        RouteProtocol = configuration.Get(FelixSettings.DeviceRouteProtocol) is var protocol && protocol == Linux.Routing.RouteProtocol.Boot ? Linux.Routing.RouteProtocol.Calico : (byte)protocol,
        RouteSource4 = IpAddress.TryParse(configuration.Get(FelixSettings.DeviceRouteSource), out IpAddress source4) ? source4 : null,
        RouteSource6 = IpAddress.TryParse(configuration.Get(FelixSettings.DeviceRouteSourceIpv6), out IpAddress source6) ? source6 : null,
        RouteSyncDisabled = configuration.Get(FelixSettings.RouteSyncDisabled),
        Network = NetworkParameters.From(configuration),
        Iptables = IptablesParameters.From(configuration),
    };
}
