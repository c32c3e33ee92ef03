namespace Canal.Core.Bgp;

/// <summary>Why a session exists; the first part of its name.</summary>
public enum BgpSessionKind : byte
{
    /// <summary>With every other node of the full mesh.</summary>
    Mesh,

    /// <summary>A BGPPeer of all nodes.</summary>
    Global,

    /// <summary>A BGPPeer of this node or of selected nodes, or the other side of one.</summary>
    Node,

    /// <summary>With a workload on this host.</summary>
    LocalWorkload,
}
