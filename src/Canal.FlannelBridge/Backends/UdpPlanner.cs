using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Backends;

/// <summary>The whole network is routed to one device, behind which a proxy knows the hosts.</summary>
internal sealed class UdpPlanner(UdpBackend backend) : BackendPlanner(backend), IDisposable
{
    private readonly Dictionary<Cidr, IpAddress> hosts = [];
    private UdpProxy? proxy;

    public override IReadOnlyCollection<string> DeviceNames => [UdpBackend.Device];

    public override bool Prepare(PlanInputs inputs)
    {
        IpAddress local = inputs.Uplink.V4!.Value;
        if (proxy is { IsBroken: false } && proxy.Local == local && inputs.Device(UdpBackend.Device) is not null) return false;
        proxy?.Dispose();
        proxy = null;
        proxy = UdpProxy.Open(local, backend.Port);
        return true;
    }

    public override List<TunnelDevice> Devices(PlanInputs inputs) =>
    [
        new(new Link { Name = UdpBackend.Device, Kind = "tun", Mtu = backend.Mtu(inputs.Uplink.Link.Mtu, IpFamily.V4) }, inputs.DeviceAddress(IpFamily.V4) is { } address ? [address] : default),
    ];

    public override KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        hosts.Clear();
        KernelPlan plan = base.Plan(peers, inputs);
        if (inputs.Device(UdpBackend.Device) is { } device)
        {
            if (inputs.Network.V4 is { } range) plan.Add(new Route { Destination = range.Network, Interface = device });
            foreach (Cidr subnet in hosts.Keys.Where(subnet => inputs.Network.V4?.Network.Contains(subnet) != true)) plan.Add(new Route { Destination = subnet, Interface = device });
        }
        proxy?.Follow(new UdpPeers(hosts, backend.Port));
        return plan;
    }

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan) => hosts[subnet] = host;

    public void Dispose() => proxy?.Dispose();
}
