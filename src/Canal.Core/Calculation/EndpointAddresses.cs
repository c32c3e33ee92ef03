using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>The addresses of a workload endpoint.</summary>
internal static class EndpointAddresses
{
    /// <summary>Each of full length, as Calico reads them: an endpoint owns addresses, and a prefix in its place would let it speak for others.</summary>
    public static EquatableArray<Cidr> Of(WorkloadEndpointSpec spec)
    {
        foreach (Cidr network in spec.IpNetworks)
            if (!network.IsSingleAddress) return spec.IpNetworks.Select(n => new Cidr(n.Address)).ToEquatableArray();
        return spec.IpNetworks;
    }
}
