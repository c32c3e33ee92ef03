using Canal.Core.Overlay;
using Canal.Hosting;
using Serilog;

namespace Canal.FlannelBridge;

/// <summary>Everything this daemon says, with the ids that the journal's readers may rely on. Never a key of WireGuard's.</summary>
internal static class Log
{
    private static readonly LogEventKind Starting = LogEventKind.Of("starting", "5f0c8a1de3a24c5c9d6f3b7a41d2e801");
    private static readonly LogEventKind Stopping = LogEventKind.Of("stopping", "5f0c8a1de3a24c5c9d6f3b7a41d2e802");
    private static readonly LogEventKind EtcdConnected = LogEventKind.Of("etcd-connected", "5f0c8a1de3a24c5c9d6f3b7a41d2e803");
    private static readonly LogEventKind EtcdLost = LogEventKind.Of("etcd-lost", "5f0c8a1de3a24c5c9d6f3b7a41d2e804");
    private static readonly LogEventKind ValueIgnored = LogEventKind.Of("value-ignored", "5f0c8a1de3a24c5c9d6f3b7a41d2e805");
    private static readonly LogEventKind ValueHealed = LogEventKind.Of("value-healed", "5f0c8a1de3a24c5c9d6f3b7a41d2e806");
    private static readonly LogEventKind Subnet = LogEventKind.Of("subnet-leased", "5f0c8a1de3a24c5c9d6f3b7a41d2e807");
    private static readonly LogEventKind SubnetLost = LogEventKind.Of("subnet-lost", "5f0c8a1de3a24c5c9d6f3b7a41d2e808");
    public static readonly LogEventKind NodeCompleted = LogEventKind.Of("node-registered", "5f0c8a1de3a24c5c9d6f3b7a41d2e816");
    private static readonly LogEventKind Configured = LogEventKind.Of("configured", "5f0c8a1de3a24c5c9d6f3b7a41d2e809");

    private static readonly LogEventKind OffloadBroken = LogEventKind.Of("checksum-offload-broken", "5f0c8a1de3a24c5c9d6f3b7a41d2e80c");

    /// <summary>What may not work about the lease.</summary>
    public static LogEventKind LeaseFailure { get; } = LogEventKind.Of("lease-failed", "5f0c8a1de3a24c5c9d6f3b7a41d2e80a");

    /// <summary>What may not work on this host.</summary>
    public static LogEventKind HostFailure { get; } = LogEventKind.Of("failed", "5f0c8a1de3a24c5c9d6f3b7a41d2e80b");

    public static void Start(ILogger log, string node, string version) => log.Of(Starting).Information("canal-flannel-bridge {Version} starts on node {Node}", version, node);

    public static void Stop(ILogger log) => log.Of(Stopping).Information("stopping; tunnels, routes and rules stay");

    public static void Connected(ILogger log, string endpoint) => log.Of(EtcdConnected).Information("watching etcd at {Endpoint}", endpoint);

    public static void Lost(ILogger log, string reason) => log.Of(EtcdLost).Warning("etcd is out of reach, tunnels and routes stay as they are: {Reason}", reason);

    public static void Value(ILogger log, string key, string reason)
    {
        if (reason.Length == 0) log.Of(ValueHealed).Information("{Key} is good again, or gone", key);
        else log.Of(ValueIgnored).Warning("{Key} is not used: {Reason}", key, reason);
    }

    public static void Leased(ILogger log, string subnet, string? before)
    {
        if (before is null) log.Of(Subnet).Information("this host's subnet is {Subnet}", subnet);
        else log.Of(Subnet).Warning("this host's subnet is {Subnet} now, after {Before}: workloads with addresses of the old one are not reached any more", subnet, before);
    }

    public static void Recalled(ILogger log, string subnet, int peers) =>
        log.Of(Subnet).Warning("etcd does not answer: this host goes on with {Subnet} and {Peers} other hosts, as it knew the network last", subnet, peers);

    public static void LeaseLost(ILogger log, string why) => log.Of(SubnetLost).Warning("{Why}", why);

    public static void ChecksumsBroken(ILogger log, ChecksumPeer peer) =>
        log.Of(OffloadBroken).Warning("checksums that {Device} leaves for the network card to fill in arrive wrong at {Peer}: the kernel fills them in from now on. To have it so from the start, say checksum_offload = \"off\"", peer.Device, peer.Address.ToString());

    public static void Network(ILogger log, string what) => log.Of(Configured).Information("network: {What}", what);

    public static void Moved(ILogger log, string before, string now) => log.Of(Configured).Warning(
        "the network was {Before} and is {Now}: a host whose subnet is not of it leases another at once, its workloads keep the addresses that they have, and hosts with flanneld move when that is restarted", before, now);

    public static void Settings(ILogger log, string what) => log.Of(Configured).Information("configuration: {What}", what);
}
