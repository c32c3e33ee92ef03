using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>An address of an interface.</summary>
public sealed record InterfaceAddress : KernelObject
{
    public required int Interface { get; init; }

    /// <summary>The interface's own address (IFA_LOCAL).</summary>
    public required IpAddress Address { get; init; }

    /// <summary>Length of the on-link prefix.</summary>
    public required byte PrefixLength { get; init; }

    /// <summary>The other end of a point-to-point address, or null.</summary>
    public IpAddress? Peer { get; init; }

    public RouteScope Scope { get; init; }

    /// <summary>IPv6: still in duplicate detection, not usable as a source. Read only.</summary>
    public bool IsTentative { get; init; }

    /// <summary>Has a lifetime: it was given by somebody who may take it back. Read only.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>IPv6: made up for privacy and soon replaced. Read only.</summary>
    public bool IsTemporary { get; init; }

    /// <summary>Not to be used for anything new. Read only.</summary>
    public bool IsDeprecated { get; init; }

    /// <summary>IPv6: added without duplicate detection (IFA_F_NODAD), so that it may be a route's source at once. Not reported for IPv4.</summary>
    public bool NoDad { get; init; }

    /// <summary>The kernel does not add the route to the prefix (IFA_F_NOPREFIXROUTE).</summary>
    public bool NoPrefixRoute { get; init; }

    /// <summary>The prefix that the address makes on-link.</summary>
    public Cidr Prefix => new(Peer ?? Address, PrefixLength);

    public override string Print(LinkNames names) =>
        $"address {Address}{(Peer is { } peer ? $" peer {peer}" : "")}/{PrefixLength} dev {names[Interface]}{(Scope == RouteScope.Universe ? "" : $" scope {Scope.Word}")}";
}
