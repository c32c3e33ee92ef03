using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Backends;

/// <summary>One device for all peers, whose routes tell the other end.</summary>
internal sealed class IpipPlanner(IpipBackend backend) : BackendPlanner(backend)
{
    public override IReadOnlyCollection<string> DeviceNames => [IpipBackend.Device];

    public override List<TunnelDevice> Devices(PlanInputs inputs) =>
    [
        new(new Link
        {
            Name = IpipBackend.Device,
            Kind = "ipip",
            Mtu = backend.Mtu(inputs.Uplink.Link.Mtu, IpFamily.V4),
            Detail = new IpipDetail(inputs.Uplink.V4, null, 0),
        }, inputs.DeviceAddress(IpFamily.V4) is { } address ? [address] : default),
    ];

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan)
    {
        if (backend.DirectRouting && Direct(subnet, host, inputs) is { } direct) plan.Add(direct);
        else if (inputs.Device(IpipBackend.Device) is { } device) plan.Add(Route.Via(subnet, host, device));
    }
}
