using System.Globalization;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>
/// The CNI network of a host in a flannel network: Canal's plugin with addresses of the host's subnet, which host-local gives. What flannel's own plugin
/// would make of subnet.env, but with policy.
/// </summary>
public static class FlannelCni
{
    /// <summary>The network's configuration as a list of plugins; null when the subnet is too small to give an address.</summary>
    /// <param name="told">What subnet.env tells.</param>
    /// <param name="name">The network's name, which is part of no path but of host-local's folder.</param>
    public static string? Render(SubnetFile told, string name)
    {
        if (told.Subnet is not { } subnet) return null;
        HostLocalRange?[] ranges = [.. new[] { subnet.V4Cidr, subnet.V6Cidr }.OfType<Cidr>().Select(HostLocalRange.Of)];
        if (ranges.Length == 0 || Array.Exists(ranges, r => r is null)) return null;
        string subnets = string.Join(", ", ranges.Select(r => $$"""[{ "subnet": "{{r!.Subnet}}" }]"""));
        string routes = string.Join(", ", ranges.Select(r => r!.Subnet.Family == IpFamily.V4 ? """{ "dst": "0.0.0.0/0" }""" : """{ "dst": "::/0" }"""));
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {
              "cniVersion": "1.0.0",
              "name": {{GoText.Quote(name)}},
              "plugins": [
                {
                  "type": "canal",
                  "mtu": {{told.Mtu}},
                  "ipam": { "type": "host-local", "ranges": [{{subnets}}], "routes": [{{routes}}] }
                }
              ]
            }

            """);
    }
}
