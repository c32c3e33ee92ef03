using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>How a peer outside every known subnet is reached.</summary>
public readonly record struct HostRoute(Cidr Destination, IpAddress Gateway);
