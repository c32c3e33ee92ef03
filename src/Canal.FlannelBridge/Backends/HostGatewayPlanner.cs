using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;

namespace Canal.FlannelBridge.Backends;

/// <summary>A route through each host.</summary>
internal sealed class HostGatewayPlanner(HostGatewayBackend backend) : BackendPlanner(backend)
{
    /// <summary>Packets go to the address itself, so it must be one that neighbours answer for.</summary>
    public override string? Obstacle(PlanInputs inputs) => inputs.Uplink.V4 != inputs.Uplink.PublicV4 || inputs.Uplink.V6 != inputs.Uplink.PublicV6
        ? $"the backend host-gw needs a public address that {inputs.Uplink.Link.Name} has: public_ip is {inputs.Uplink.PublicV4 ?? inputs.Uplink.PublicV6}, the interface has {inputs.Uplink.V4 ?? inputs.Uplink.V6}"
        : null;

    /// <summary>Not onlink: a host behind a router cannot be a gateway, and the kernel says so.</summary>
    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan) =>
        plan.Add(new Route { Destination = subnet, Gateway = host, Interface = inputs.Uplink.Link.Index });
}
