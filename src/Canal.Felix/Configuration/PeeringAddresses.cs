using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;

namespace Canal.Felix.Configuration;

/// <summary>Which addresses a host has for its workloads that speak BGP with it.</summary>
internal static class PeeringAddresses
{
    /// <summary>Those that can be called; canal-bird-config-renderer refuses the others by name.</summary>
    public static EquatableArray<IpAddress> Of(BgpConfiguration? configuration)
    {
        List<IpAddress> addresses = [];
        foreach (IpAddress? address in (ReadOnlySpan<IpAddress?>)[configuration?.LocalWorkloadPeeringIpV4, configuration?.LocalWorkloadPeeringIpV6])
            if (address is { } given && BgpAddress.Wrong(given) is null) addresses.Add(given);
        return addresses.ToEquatableArray();
    }
}
