using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.Hosting;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;

namespace Canal.FlannelBridge;

/// <summary>What can happen to the bridge: a closed set of cases, all through one queue.</summary>
internal abstract record BridgeMessage
{
    private BridgeMessage()
    {
    }

    /// <summary>etcd says something.</summary>
    public sealed record Datastore(WatchBatch Batch) : BridgeMessage;

    /// <summary>Something happened to links, addresses, routes, neighbours.</summary>
    public sealed record Kernel(IReadOnlyList<KernelEvent> Events) : BridgeMessage;

    /// <summary>Another program changed our nftables table.</summary>
    public sealed record Tables(NftEvent Change) : BridgeMessage;

    /// <summary>Checksums that a tunnel leaves open arrive wrong at that host.</summary>
    public sealed record ChecksumsBroken(ChecksumPeer Peer) : BridgeMessage;

    /// <summary>charon came or went, a security association did, or somebody changed IPsec policies.</summary>
    public sealed record Ipsec : BridgeMessage;

    /// <summary>Something that was asked of etcd beside the loop has its answer.</summary>
    public sealed record Outcome : BridgeMessage;

    /// <summary>Somebody asks: <c>reload</c>, <c>status</c>.</summary>
    public sealed record Request(string Word, TaskCompletionSource<ControlResponse> Answer) : BridgeMessage;
}
