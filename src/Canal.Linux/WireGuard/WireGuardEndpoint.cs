using Canal.Core.Addressing;

namespace Canal.Linux.WireGuard;

/// <summary>Where a peer's encrypted packets are sent.</summary>
public readonly record struct WireGuardEndpoint(IpAddress Address, ushort Port)
{
    public override string ToString() => Address.Family == IpFamily.V4 ? $"{Address}:{Port}" : $"[{Address}]:{Port}";
}
