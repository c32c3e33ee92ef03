using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.FlannelBridge.Kernel;

/// <summary>The interface that other hosts are reached over, and this host's addresses there.</summary>
/// <param name="Link">The interface.</param>
/// <param name="V4">Its IPv4 address; null where the network has no IPv4 side.</param>
/// <param name="V6">Its IPv6 address; null where the network has no IPv6 side.</param>
/// <param name="PublicV4">What other hosts send to.</param>
/// <param name="PublicV6">The same for IPv6.</param>
internal sealed record Uplink(Link Link, IpAddress? V4, IpAddress? V6, IpAddress? PublicV4, IpAddress? PublicV6)
{
    /// <summary>The interface's own address.</summary>
    public IpAddress? Own(IpFamily family) => family == IpFamily.V4 ? V4 : V6;

    /// <summary>One of this host's addresses on either side of a NAT.</summary>
    public bool Is(IpAddress address) => address == V4 || address == V6 || address == PublicV4 || address == PublicV6;
}
