using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// A device for each family; for each peer its hardware address as a permanent neighbour, where that is in the FDB, and the route. The device's own
/// hardware address is what peers know: a device that is there keeps it, and one that vanishes or is renumbered by others gets it back.
/// </summary>
internal sealed class VxlanPlanner(VxlanBackend backend, string node) : BackendPlanner(backend)
{
    private readonly Dictionary<IpFamily, MacAddress> macs = [];
    private string[] names = [];

    public override IReadOnlyCollection<string> DeviceNames => names;

    public override List<TunnelDevice> Devices(PlanInputs inputs)
    {
        List<TunnelDevice> devices = [.. inputs.Network.Ranges.Select(range => Device(range.Family, inputs))];
        names = [.. devices.Select(d => d.Link.Name)];
        return devices;
    }

    private TunnelDevice Device(IpFamily family, PlanInputs inputs)
    {
        IpAddress local = inputs.Uplink.Own(family)!.Value;
        TunnelDevice device = new(new Link
        {
            Name = backend.Device(family),
            Kind = "vxlan",
            Mtu = backend.Mtu(inputs.Uplink.Link.Mtu, family),
            Detail = new VxlanDetail(backend.Vni, backend.Port, local, inputs.Uplink.Link.Index, backend.Learning, backend.Gbp),
        }, inputs.DeviceAddress(family) is { } address ? [address] : default);
        Link? held = inputs.Picture.Underlay.Find(device.Link.Name);
        if (!macs.TryGetValue(family, out MacAddress mac))
            macs[family] = mac = held?.Mac is { } kept && device.Fits(held) ? kept : backend.OwnMac(node, inputs.Uplink.Own(family)!.Value, family);
        return device with { Link = device.Link with { Mac = mac } };
    }

    public override string LeaseData(IpFamily family) => backend.LeaseData(macs[family]);

    public override KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        KernelPlan plan = base.Plan(peers, inputs);
        Link link = inputs.Uplink.Link;
        if (backend.OuterMtu > link.Mtu) plan.Refused["Backend.MTU"] = $"{backend.OuterMtu} is more than {link.Name} carries, which is {link.Mtu}";
        return plan;
    }

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan)
    {
        MacAddress mac = VxlanBackend.PeerMac(peer.Data(subnet.Family));
        if (backend.DirectRouting && Direct(subnet, host, inputs) is { } direct)
        {
            plan.Add(direct);
            return;
        }
        if (inputs.Device(backend.Device(subnet.Family)) is not { } device) return;
        plan.Neighbours.Add(new Neighbour { Interface = device, Address = subnet.Address, Mac = mac });
        plan.Fdb.Add(new FdbEntry { Interface = device, Mac = mac, Destination = host });
        plan.Add(Route.Via(subnet, subnet.Address, device));
    }
}
