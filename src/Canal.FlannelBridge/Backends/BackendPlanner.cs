using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Backends;

/// <summary>Turns a network's leases into devices and entries of the kernel. One for each backend, chosen when the network's configuration is read.</summary>
internal abstract class BackendPlanner(FlannelBackend backend)
{
    public FlannelBackend Backend { get; } = backend;

    /// <summary>Routes to other hosts are this agent's: those of flannel's kind that it does not know are strays.</summary>
    public virtual bool MakesRoutes => true;

    /// <summary>Names of its devices.</summary>
    public virtual IReadOnlyCollection<string> DeviceNames => [];

    /// <summary>Makes what no request to the kernel's routing side can. True when the kernel is to be listed again.</summary>
    /// <exception cref="IOException">It cannot be made now.</exception>
    public virtual bool Prepare(PlanInputs inputs) => false;

    /// <summary>Its devices as they should be.</summary>
    public virtual List<TunnelDevice> Devices(PlanInputs inputs) => [];

    /// <summary>Sets the devices up beyond what the kernel's routing side knows of them.</summary>
    /// <exception cref="IOException">It cannot be done now.</exception>
    public virtual void Configure(PlanInputs inputs, List<string> failures)
    {
    }

    /// <summary>Why there can be no lease yet; null when there can.</summary>
    public virtual string? Obstacle(PlanInputs inputs) =>
        DeviceNames.FirstOrDefault(name => inputs.Device(name) is null) is { } missing ? $"the device {missing} is not there" : null;

    /// <summary>What the lease says of this host beside its addresses.</summary>
    public virtual string LeaseData(IpFamily family) => "";

    /// <summary>Adds what is needed to reach a peer's subnet.</summary>
    /// <exception cref="FlannelFormatException">The lease does not tell what the backend needs.</exception>
    public abstract void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan);

    /// <summary>What this host's lease is to say.</summary>
    public FlannelLease Lease(PlanInputs inputs) => new()
    {
        PublicV4 = inputs.Uplink.PublicV4 ?? IpAddress.FromV4(0),
        PublicV6 = inputs.Uplink.PublicV6,
        BackendType = Backend.LeaseType,
        BackendData = inputs.Network.V4 is null ? "" : LeaseData(IpFamily.V4),
        BackendV6Data = inputs.Network.V6 is null ? "" : LeaseData(IpFamily.V6),
    };

    /// <summary>What is to be said of a peer's state beside its lease, after a comma; or nothing.</summary>
    public virtual string Note(FlannelSubnet subnet) => "";

    /// <summary>Everything for these peers. What is wrong with a lease stands in nobody else's way.</summary>
    public virtual KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        KernelPlan plan = new();
        foreach (HeldLease peer in peers)
        {
            if (Wrong(peer, inputs) is { } wrong)
            {
                plan.Refused[peer.Key] = wrong;
                continue;
            }
            foreach (FlannelRange range in inputs.Network.Ranges)
            {
                if (peer.Subnet[range.Family] is not { } subnet || peer.Lease.Public(range.Family) is not { } host) continue;
                try
                {
                    Reach(peer.Lease, subnet, host, inputs, plan);
                }
                catch (FlannelFormatException e)
                {
                    plan.Refused[peer.Key] = e.Message;
                }
            }
        }
        return plan;
    }

    /// <summary>A lease is anyone's who may write to etcd: none may take traffic that is not the network's, or send it to nowhere.</summary>
    private string? Wrong(HeldLease peer, PlanInputs inputs)
    {
        if (!Backend.TakesAnyLease && peer.Lease.BackendType != Backend.LeaseType)
            return $"its backend is {(peer.Lease.BackendType.Length == 0 ? "none" : Core.Resources.Problem.Quote(peer.Lease.BackendType))}, this network's is {Backend.Name}";
        foreach (FlannelRange range in inputs.Network.Ranges)
        {
            if (peer.Subnet[range.Family] is not { } subnet) continue;
            if (!range.Network.Contains(subnet) && !inputs.Former.Any(former => former.Network.Contains(subnet))) return $"its subnet {subnet} is not inside the network {range.Network}";
            if (inputs.Own?[range.Family] is { } own && (own.Contains(subnet) || subnet.Contains(own))) return $"its subnet {subnet} overlaps this host's {own}";
            if (peer.Lease.Public(range.Family) is not { } host) return $"it has no {(range.Family == IpFamily.V4 ? "IPv4" : "IPv6")} address to send {subnet} to";
            if (inputs.Uplink.Is(host)) return $"its address {host} is this host's own: each host needs its own public_ip";
            // Hosts' addresses may lie in the network (flannel's own example has them there), but not where the packets to them would be sent again.
            if (!IsHost(host) || subnet.Contains(host) || inputs.Own?[range.Family]?.Contains(host) == true) return $"its address {host} is none that a host could have";
        }
        return null;
    }

    private static bool IsHost(IpAddress address) => address.Family == IpFamily.V4
        ? address.V4 >> 24 is not (0 or 127) && address.V4 >> 28 < 0xe
        : address.High >> 56 != 0xff && (address.High != 0 || address.Low > 1);

    /// <summary>The route through a host on the same link; null when there is a router in between.</summary>
    protected static Route? Direct(Cidr subnet, IpAddress host, PlanInputs inputs) =>
        inputs.Picture.DirectlyReached(host) is { } link ? new Route { Destination = subnet, Gateway = host, Interface = link } : null;

    /// <summary>The planner of a network.</summary>
    /// <exception cref="FlannelFormatException">There is none.</exception>
    public static BackendPlanner Of(FlannelNetwork network, HostMeans host) => FlannelBackend.Read(network) switch
    {
        VxlanBackend vxlan => new VxlanPlanner(vxlan, host.Node),
        HostGatewayBackend gateway => new HostGatewayPlanner(gateway),
        IpipBackend ipip => new IpipPlanner(ipip),
        UdpBackend udp => new UdpPlanner(udp),
        ExtensionBackend extension => host.AllowsCommands ? new ExtensionPlanner(extension)
            : throw new FlannelFormatException("the backend extension has commands run that whoever writes to etcd chooses: allow_extension is false"),
        WireguardBackend wireguard => new WireguardPlanner(wireguard, host.WireGuard, host.WireguardKey),
        AllocBackend alloc => new AllocPlanner(alloc),
        IpsecBackend ipsec => new IpsecPlanner(ipsec, host.Ipsec),
        FlannelBackend other => throw new FlannelFormatException($"canal-flannel-bridge does not have the backend {other.Name}"),
    };
}
