namespace Canal.Core.Overlay;

/// <summary>Somebody says that a destination is at a node.</summary>
/// <param name="Kind">Who says so.</param>
/// <param name="Node">The node.</param>
internal readonly record struct RouteClaim(RouteClaimKind Kind, string Node) : IComparable<RouteClaim>
{
    /// <summary>Only to be definite: two claims of one class and destination are a fault in the data.</summary>
    public int CompareTo(RouteClaim other) => Kind != other.Kind ? Kind.CompareTo(other.Kind) : string.CompareOrdinal(Node, other.Node);
}

/// <summary>Who claims a destination.</summary>
internal enum RouteClaimKind : byte
{
    /// <summary>The node: it is the address of one of its tunnels.</summary>
    Tunnel,

    /// <summary>A workload endpoint.</summary>
    Workload,

    /// <summary>A block: it assigned the address to another node than the block is of, or the block is nobody's.</summary>
    Borrowed,

    /// <summary>A block: it is the node's.</summary>
    Block,
}
