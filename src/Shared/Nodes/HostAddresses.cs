using System.Net;
using System.Net.Sockets;
using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Linux.Routing;
using InterfaceAddress = Canal.Core.Resources.InterfaceAddress;

namespace Canal.Hosting;

/// <summary>What this host's kernel says of its addresses.</summary>
internal static class HostAddresses
{
    /// <summary>The interfaces in their order, with the addresses that last.</summary>
    /// <exception cref="Linux.Netlink.NetlinkException">The kernel refuses to tell.</exception>
    public static DetectedInterface[] Interfaces()
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        ILookup<int, Linux.Routing.InterfaceAddress> addresses = stack.Addresses().ToLookup(a => a.Interface);
        return [.. stack.Links().OrderBy(link => link.Index).Select(link => new DetectedInterface(link.Name, link.IsAdminUp, link.Name == "lo",
            [.. addresses[link.Index].Where(a => !a.IsTentative && !a.IsTemporary && !a.IsDeprecated).Select(a => new InterfaceAddress(a.Address, a.PrefixLength))]))];
    }

    /// <summary>The address the kernel would send from; null when there is no way. Connecting a datagram socket sends nothing.</summary>
    public static IpAddress? SourceTo(IpAddress destination)
    {
        try
        {
            using Socket socket = new(destination.Family == IpFamily.V4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(IPAddress.Parse(destination.ToString()), 9);
            return IpAddress.FromBytes(((IPEndPoint)socket.LocalEndPoint!).Address.GetAddressBytes());
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
