using System.Security.Cryptography;
using System.Text;
using Canal.Core.Resources;

namespace Canal.Cni;

/// <summary>What a container's endpoint is called: in etcd and on the host. Named as Calico does.</summary>
/// <param name="Name">The four parts.</param>
/// <param name="Key">In etcd.</param>
/// <param name="HostInterface">The host's end.</param>
internal sealed record EndpointIdentity(WorkloadEndpointName Name, ResourceKey Key, string HostInterface)
{
    public static EndpointIdentity Of(CniCall call, Workload workload, string node)
    {
        bool isPod = workload.Pod.Length > 0;
        WorkloadEndpointName name = new(node, workload.Orchestrator, isPod ? workload.Pod : call.ContainerId, call.IfName);
        if (name.Print(out Problem problem) is not { } text) throw new CniException(CniCode.Environment, $"the endpoint has no name: {problem}");
        return new EndpointIdentity(name, new ResourceKey(ResourceKind.WorkloadEndpoint, workload.Namespace, text), Interface(call, workload));
    }

    // Calico's names have no room for a second interface of one container; where there is one, its name decides too.
    private static string Interface(CniCall call, Workload workload)
    {
        if (call.IfName != "eth0") return Workloads.HostInterface.Named(Hash($"{workload.Namespace}.{(workload.Pod.Length > 0 ? workload.Pod : call.ContainerId)}.{call.IfName}"));
        return Workloads.HostInterface.Named(workload.Pod.Length > 0 ? Hash($"{workload.Namespace}.{workload.Pod}") : call.ContainerId);
    }

    private static string Hash(string text)
    {
#pragma warning disable CA5350 // A name, not a secret: the hash is the one that Calico's plugin uses.
        return Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
    }
}
