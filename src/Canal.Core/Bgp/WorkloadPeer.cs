using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>A local workload that speaks BGP with its host, as felix's status file says.</summary>
/// <param name="PeerName">The BGPPeer whose localWorkloadSelector selects it.</param>
/// <param name="V4">Its first IPv4 address.</param>
/// <param name="V6">Its first IPv6 address.</param>
public sealed record WorkloadPeer(string PeerName, IpAddress? V4, IpAddress? V6)
{
    public IpAddress? Address(IpFamily family) => family == IpFamily.V4 ? V4 : V6;
}
