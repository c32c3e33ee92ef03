namespace Canal.Core.Resources;

/// <summary>Name of the file by which the policy agent tells the host's CNI plugins that an endpoint is programmed, as Calico names it.</summary>
public static class EndpointStatusFile
{
    /// <summary>Orchestrator, workload and endpoint, escaped as in URLs and separated by spaces: <c>cni default%2F6b1f0c9a77d3 eth0</c>.</summary>
    public static string Name(string @namespace, WorkloadEndpointName name) =>
        $"{Uri.EscapeDataString(name.Orchestrator)} {Uri.EscapeDataString($"{@namespace}/{name.Workload}")} {Uri.EscapeDataString(name.Endpoint)}";
}
