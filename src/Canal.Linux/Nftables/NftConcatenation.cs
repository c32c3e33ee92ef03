using Canal.Core.Addressing;

namespace Canal.Linux.Nftables;

/// <summary>An element of a set keyed by address . protocol . port.</summary>
/// <param name="Address">Source or destination.</param>
/// <param name="Protocol">6 tcp, 17 udp, 132 sctp.</param>
/// <param name="Port">Source or destination port.</param>
public readonly record struct NftConcatenation(IpAddress Address, byte Protocol, ushort Port);
