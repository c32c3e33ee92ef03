using Canal.Core.Addressing;

namespace Canal.Linux.Xfrm;

/// <summary>The tunnel that a policy wants packets to go or have come through, by ESP.</summary>
/// <param name="Source">The host that encrypts.</param>
/// <param name="Destination">The host that decrypts.</param>
/// <param name="RequestId">Ties it to its security associations.</param>
public sealed record XfrmTunnel(IpAddress Source, IpAddress Destination, uint RequestId);
