using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Linux.Tunnels;

/// <summary>A tunnel's device as it should be.</summary>
/// <param name="Link">Name, kind, MTU, hardware address and detail; without an index.</param>
/// <param name="Addresses">The tunnel's own addresses, at most one of a family, alone in their prefixes; empty while they are not known: what the device has stays.</param>
public sealed record TunnelDevice(Link Link, Core.EquatableArray<IpAddress> Addresses)
{
    /// <summary>The link can become this one without being made anew.</summary>
    public bool Fits(Link held) => held.Kind == Link.Kind && Equals(held.Detail, Link.Detail);
}
