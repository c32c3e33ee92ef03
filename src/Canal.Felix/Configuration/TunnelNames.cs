using Canal.Core.Addressing;

namespace Canal.Felix.Configuration;

/// <summary>Names of the devices that carry traffic between hosts: Calico's.</summary>
internal static class TunnelNames
{
    public const string Ipip = "tunl0";

    public static readonly string[] All = [Vxlan(IpFamily.V4), Vxlan(IpFamily.V6), Ipip];

    public static string Vxlan(IpFamily family) => family == IpFamily.V4 ? "vxlan.calico" : "vxlan-v6.calico";
}
