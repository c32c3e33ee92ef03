using Canal.Core.Addressing;
using Canal.Core.Nodes;

namespace Canal.Datastore;

/// <summary>What became of a tunnel's address in a Node.</summary>
/// <param name="Tunnel">The tunnel.</param>
/// <param name="Before">The address before; null: none.</param>
/// <param name="Now">The address now; null: none.</param>
public sealed record TunnelChange(TunnelAddress Tunnel, IpAddress? Before, IpAddress? Now);
