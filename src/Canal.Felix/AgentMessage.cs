using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.Felix.Drops;
using Canal.Felix.Flows;
using Canal.Felix.Revocation;
using Canal.Linux.Conntrack;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;

namespace Canal.Felix;

/// <summary>What can happen to the agent: a closed set of cases, all through one queue.</summary>
internal abstract record AgentMessage
{
    private AgentMessage()
    {
    }

    /// <summary>etcd says something.</summary>
    public sealed record Datastore(WatchBatch Batch) : AgentMessage;

    /// <summary>The kernel's links, addresses or routes changed.</summary>
    public sealed record Kernel(IReadOnlyList<KernelEvent> Events) : AgentMessage;

    /// <summary>Another program changed the tables, or events of that were lost.</summary>
    public sealed record Tables(NftEvent Change) : AgentMessage;

    /// <summary>Read the configuration files again; the sentence is null when the new configuration is in force, else why the old one stays.</summary>
    public sealed record Reload(TaskCompletionSource<string?> Done) : AgentMessage;

    /// <summary>Somebody asks what rules have counted, in chains whose names begin so.</summary>
    public sealed record Counters(string Prefix, TaskCompletionSource<string> Answer) : AgentMessage;

    /// <summary>Packets were denied: whose are they?</summary>
    public sealed record Dropped(IReadOnlyList<DroppedFlow> Flows, TaskCompletionSource<bool> Named) : AgentMessage;

    /// <summary>Somebody asks for flows: whose addresses are they?</summary>
    public sealed record FlowPlaces(FlowQuery Query, TaskCompletionSource<Flows.FlowPlaces> Answer) : AgentMessage;

    /// <summary>What does policy say of these connections, from that one on? Of as many as fit in a turn of the loop, at least one.</summary>
    public sealed record FlowsFound(IReadOnlyList<TrackedFlow> Flows, int From, TaskCompletionSource<List<FlowVerdict>> Answer) : AgentMessage;

    /// <summary>Checksums that a tunnel leaves open arrive wrong at that host.</summary>
    public sealed record ChecksumsBroken(ChecksumPeer Peer) : AgentMessage;

    /// <summary>Somebody asks how things are.</summary>
    public sealed record Question(AgentQuestion About, TaskCompletionSource<string> Answer) : AgentMessage;
}
