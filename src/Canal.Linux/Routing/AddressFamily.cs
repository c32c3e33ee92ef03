using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>AF_INET and AF_INET6 as <see cref="IpFamily"/>, and addresses as attributes.</summary>
internal static class AddressFamily
{
    internal static byte Number(IpFamily family) => family == IpFamily.V4 ? AF_INET : AF_INET6;

    internal static IpFamily? Read(byte number) => number switch
    {
        AF_INET => IpFamily.V4,
        AF_INET6 => IpFamily.V6,
        _ => null,
    };

    extension(NetlinkAttribute attribute)
    {
        /// <summary>The address, or null when the payload is not of 4 or 16 bytes.</summary>
        internal IpAddress? Address => attribute.Payload.Length is 4 or 16 ? IpAddress.FromBytes(attribute.Payload) : null;

        /// <summary>The Ethernet address, or null when the payload is not of 6 bytes.</summary>
        internal MacAddress? Mac => attribute.Payload.Length == 6 ? MacAddress.FromBytes(attribute.Payload) : null;
    }

    extension(NetlinkWriter writer)
    {
        internal void Address(ushort type, IpAddress address) => address.WriteBytes(writer.Attribute(type, address.Family.Bytes));

        internal void Mac(ushort type, MacAddress mac) => mac.WriteBytes(writer.Attribute(type, 6));
    }
}
