using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>One BGP session of this host, for one address family.</summary>
public sealed record BgpSession
{
    internal const int DefaultPort = 179;

    /// <summary>Calico's name, stable for a neighbour: <c>Mesh_10_0_0_2</c>, <c>Node_2001_db8__1_port_1790</c>. At most 64 characters of BIRD's symbols.</summary>
    public required string Name { get; init; }

    public required BgpSessionKind Kind { get; init; }

    /// <summary>The node or the resource that the session comes from, for people: <c>node host-b</c>, <c>BGPPeer tor</c>.</summary>
    public required string Description { get; init; }

    public required IpAddress Neighbor { get; init; }

    /// <summary>Null: 179.</summary>
    public ushort? Port { get; init; }

    public required uint RemoteAs { get; init; }

    public required uint LocalAs { get; init; }

    /// <summary>Null: the kernel chooses.</summary>
    public IpAddress? SourceAddress { get; init; }

    /// <summary>Hops allowed: null is BIRD's default (any within a system, one to another), 0 is any.</summary>
    public int? Multihop { get; init; }

    /// <summary>Packets must have come over no more than <see cref="Multihop"/> hops (RFC 5082).</summary>
    public bool TtlSecurity { get; init; }

    /// <summary>Waits to be called.</summary>
    public bool Passive { get; init; }

    /// <summary>Seconds; null is BIRD's default, 120.</summary>
    public int? GracefulRestartTime { get; init; }

    /// <summary>Seconds; null is BIRD's default, a third of the hold time.</summary>
    public int? KeepaliveTime { get; init; }

    /// <summary>Our cluster id where the neighbour is our route reflection client; else null.</summary>
    public IpAddress? ReflectorClusterId { get; init; }

    public BgpPassword? Password { get; init; }

    /// <summary>Why the session must not come up; empty when it may. A session that asks for a password is never made without.</summary>
    public string Held { get; init; } = "";

    public BgpNextHop NextHop { get; init; }

    /// <summary>How often our own AS may stand in a learned path; null for never.</summary>
    public int? AllowLocalAs { get; init; }

    /// <summary>Filters with import rules for the family, in order.</summary>
    public EquatableArray<string> ImportFilters { get; init; }

    /// <summary>Filters with export rules for the family, in order.</summary>
    public EquatableArray<string> ExportFilters { get; init; }

    public IpFamily Family => Neighbor.Family;

    /// <summary>iBGP: the neighbour is of the same autonomous system.</summary>
    public bool IsInternal => RemoteAs == LocalAs;
}
