using Canal.Linux.WireGuard;

namespace Canal.FlannelBridge.Backends;

/// <summary>What this host has for backends.</summary>
/// <param name="Node">Its name.</param>
/// <param name="AllowsCommands">Commands of the network's configuration may be run.</param>
/// <param name="WireGuard">The kernel's WireGuard.</param>
/// <param name="WireguardKey">Where this host's key for it is kept.</param>
/// <param name="Ipsec">What the backend ipsec needs.</param>
internal sealed record HostMeans(string Node, bool AllowsCommands, IWireGuard WireGuard, WireguardKeyFile WireguardKey, IpsecMeans Ipsec);
