namespace Canal.Core.Resources;

/// <summary>A workload's interface as it is found in etcd. Its key's name says node, orchestrator, workload and endpoint, see <see cref="WorkloadEndpointName"/>.</summary>
public sealed record WorkloadEndpoint : Resource
{
    public required WorkloadEndpointSpec Spec { get; init; }
}
