using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Backends;

/// <summary>Nothing is carried.</summary>
internal sealed class AllocPlanner(AllocBackend backend) : BackendPlanner(backend)
{
    public override bool MakesRoutes => false;

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan)
    {
    }
}
