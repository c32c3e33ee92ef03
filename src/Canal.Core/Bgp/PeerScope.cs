using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>Which nodes a BGPPeer speaks of on either side.</summary>
internal sealed class PeerScope
{
    private readonly Selector? nodes;
    private readonly Selector? peers;

    private PeerScope(BgpPeer peer, Selector? nodes, Selector? peers)
    {
        Peer = peer;
        this.nodes = nodes;
        this.peers = peers;
    }

    public BgpPeer Peer { get; }

    /// <summary>For every node of the cluster.</summary>
    public bool IsGlobal => Peer.Node.Length == 0 && Peer.NodeSelector.Length == 0;

    public bool IsLocalWorkload => Peer.LocalWorkloadSelector.Length > 0;

    public bool SelectsPeers => peers is not null;

    /// <summary>The selectors parse: the peer has passed validation.</summary>
    public static PeerScope Of(BgpPeer peer) => new(peer, Parse(peer.NodeSelector), Parse(peer.PeerSelector));

    /// <summary>Whether the node is one that the peering is for.</summary>
    public bool IsFor(BgpCluster cluster, Node node) =>
        Peer.Node.Length > 0 ? Peer.Node == node.Key.Name : nodes is null || cluster.Selects(nodes, node);

    /// <summary>Whether the node is one that is peered with.</summary>
    public bool PeersWith(BgpCluster cluster, Node node) => peers is not null && cluster.Selects(peers, node);

    private static Selector? Parse(string text) =>
        text.Length == 0 ? null : Selector.TryParse(text, out Selector? selector, out _) ? selector : throw new ArgumentException("the selector was not validated", nameof(text));
}
