using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;

namespace Canal.Felix.LastKnownGood;

/// <summary>
/// A host of which no policy is known: every interface but loopback has a host endpoint without policy, so that only the failsafe ports are open, and no workload
/// is known, so that all of them are cut off. What is forwarded between other interfaces passes, as with any host endpoint without policy for it.
/// </summary>
internal static class FailsafeTable
{
    private static readonly HostEndpointPolicy Everything = new(new ResourceKey(ResourceKind.HostEndpoint, null, "failsafe-only")) { InterfaceName = HostEndpoint.AllInterfaces };

    /// <summary>Programs it; the agent's first complete picture takes its place.</summary>
    /// <remarks>NftException, IptablesException: the kernel refused.</remarks>
    public static void Enforce(IPacketFilter filter, FelixParameters parameters)
    {
        IDataplane dataplane = filter.NewDataplane(new PolicyCalculator(""));
        dataplane.Govern(new HostEndpointResolution([], [Everything]));
        dataplane.Plan(new DesiredChanges(), parameters);
        dataplane.Apply();
    }
}
