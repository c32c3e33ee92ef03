using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>The addresses that the plugin host-local gives out of a subnet.</summary>
/// <param name="Subnet">The subnet.</param>
/// <param name="Gateway">Its first address, which is given to nobody.</param>
/// <param name="First">First address that is given.</param>
/// <param name="Last">Last one: of IPv4 not the broadcast address.</param>
public sealed record HostLocalRange(Cidr Subnet, IpAddress Gateway, IpAddress First, IpAddress Last)
{
    /// <summary>The range of a subnet; null when it is too small to give anything.</summary>
    public static HostLocalRange? Of(Cidr subnet)
    {
        if (subnet.Length > subnet.Family.Bits - 2) return null;
        UInt128 size = UInt128.One << (subnet.Family.Bits - subnet.Length);
        return new HostLocalRange(subnet, subnet.AddressAt(1), subnet.AddressAt(2), subnet.AddressAt(size - (subnet.Family == IpFamily.V4 ? 2u : 1u)));
    }
}
