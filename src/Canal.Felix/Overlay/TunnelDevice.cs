using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Felix.Overlay;

/// <summary>A tunnel's device as it should be.</summary>
/// <param name="Link">Name, kind, MTU, hardware address and detail; without an index.</param>
/// <param name="Address">The tunnel's own address, alone in its prefix.</param>
internal sealed record TunnelDevice(Link Link, IpAddress Address)
{
    public IpFamily Family => Address.Family;

    /// <summary>The link can become this one without being made anew.</summary>
    public bool Fits(Link held) => held.Kind == Link.Kind && Equals(held.Detail, Link.Detail);
}
