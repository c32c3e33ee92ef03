using System.Globalization;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Felix.Drops;
using Canal.Felix.Feed;
using Canal.Felix.Revocation;
using Canal.Hosting;
using Canal.Linux.Nflog;
using Canal.Linux.Nftables;
using Serilog;

namespace Canal.Felix;

/// <summary>Everything this daemon says, with the ids that the journal's readers may rely on. Info is an operator's story: state changes, never traffic.</summary>
internal static class Log
{
    private static readonly LogEventKind Starting = LogEventKind.Of("starting", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a01");
    private static readonly LogEventKind Stopping = LogEventKind.Of("stopping", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a02");
    private static readonly LogEventKind EtcdConnected = LogEventKind.Of("etcd-connected", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a03");
    private static readonly LogEventKind EtcdLost = LogEventKind.Of("etcd-lost", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a04");
    private static readonly LogEventKind InSync = LogEventKind.Of("in-sync", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a05");
    private static readonly LogEventKind NotReady = LogEventKind.Of("datastore-not-ready", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a06");
    private static readonly LogEventKind Programmed = LogEventKind.Of("programmed", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a07");
    public static readonly LogEventKind ProgrammingFailed = LogEventKind.Of("programming-failed", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a08");
    private static readonly LogEventKind ValueIgnored = LogEventKind.Of("value-ignored", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a09");
    private static readonly LogEventKind ValueHealed = LogEventKind.Of("value-healed", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0a");
    private static readonly LogEventKind EndpointStatus = LogEventKind.Of("endpoint-status", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0b");
    private static readonly LogEventKind HostEndpointStatus = LogEventKind.Of("host-endpoint-status", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a20");
    private static readonly LogEventKind PolicyChanged = LogEventKind.Of("policy", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0c");
    private static readonly LogEventKind Configured = LogEventKind.Of("configured", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0d");
    private static readonly LogEventKind HostRefused = LogEventKind.Of("host-setting-refused", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0e");

    private static readonly LogEventKind TableMeddled = LogEventKind.Of("table-changed-by-others", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a0f");
    private static readonly LogEventKind PartClosed = LogEventKind.Of("denied-whole", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a10");
    private static readonly LogEventKind Restored = LogEventKind.Of("restored", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a11");

    public static readonly LogEventKind ServingFailed = LogEventKind.Of("serving-failed", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a14");
    private static readonly LogEventKind ConnectionsRevoked = LogEventKind.Of("connections-revoked", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a15");
    public static readonly LogEventKind NodeCompleted = LogEventKind.Of("node-registered", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a16");
    private static readonly LogEventKind Denied = LogEventKind.Of("denied", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a12");
    private static readonly LogEventKind DeniedMore = LogEventKind.Of("denied-not-told", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a13");

    private static readonly LogEventKind OffloadBroken = LogEventKind.Of("checksum-offload-broken", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a31");

    private static readonly LogEventKind LegacyLeft = LogEventKind.Of("iptables-legacy-left", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a32");

    private static readonly LogEventKind RuleLeftOut = LogEventKind.Of("left-out", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a33");

    private static readonly LogEventKind TakenBack = LogEventKind.Of("change-taken-back", "5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a30");

    /// <summary>The time of a guarded change is up.</summary>
    public static void Unconfirmed(ILogger log, string ids) =>
        log.Of(TakenBack).Warning("nobody has confirmed the change of guard {Guard}: it is taken back on this host, and in etcd as soon as it answers", ids);

    public static void Reverted(ILogger log, string id, int keys) =>
        log.Of(TakenBack).Warning("the change of guard {Guard} is taken back in etcd: {Keys} resources are as they were", id, keys);

    public static void NotReverted(ILogger log, string id, string reason) =>
        log.Of(TakenBack).Warning("the change of guard {Guard} is taken back on this host only, which may not write it in etcd: {Reason}", id, reason);

    public static void Start(ILogger log, string node, string version) =>
        log.Of(Starting).Information("canal-felix {Version} starts on node {Node}", version, node);

    public static void Restore(ILogger log, string what) => log.Of(Restored).Information("{What}", what);

    public static void Stop(ILogger log) => log.Of(Stopping).Information("stopping; enforcement stays in place");

    public static void Connected(ILogger log, string endpoint) => log.Of(EtcdConnected).Information("watching etcd at {Endpoint}", endpoint);

    public static void Lost(ILogger log, string reason) => log.Of(EtcdLost).Warning("etcd is out of reach, enforcement goes on unchanged: {Reason}", reason);

    public static void Sync(ILogger log, long revision, int endpoints, int policies, int sets) =>
        log.Of(InSync).Information("in force at revision {Revision}: {Endpoints} local endpoints, {Policies} policies and profiles, {Sets} sets", revision, endpoints, policies, sets);

    public static void Unready(ILogger log) => log.Of(NotReady).Warning("ClusterInformation says that the datastore is not ready; waiting, what is programmed stays");

    public static void Changed(ILogger log, long revision, int policies, int endpoints, int sets) =>
        log.Of(Programmed).Debug("programmed revision {Revision}: {Policies} policies, {Endpoints} endpoints, {Sets} sets changed", revision, policies, endpoints, sets);

    public static void Failed(ILogger log, string what, string reason) => log.Of(ProgrammingFailed).Error("{What} failed, trying again: {Reason}", what, reason);

    public static void Recovered(ILogger log, string what) => log.Of(ProgrammingFailed).Information("{What} works again", what);

    public static void Value(ILogger log, FeedReport report)
    {
        if (report.Kind == FeedReportKind.Healed) log.Of(ValueHealed).Information("{Resource} is good again", report.Subject);
        else if (report.Kind == FeedReportKind.Kept) log.Of(ValueIgnored).Warning("{Resource} is ignored, what it said before stays in force: {Reason}", report.Subject, report.Reason);
        else if (report.Kind == FeedReportKind.Ignored) log.Of(ValueIgnored).Warning("{Resource} is ignored: {Reason}", report.Subject, report.Reason);
        else log.Of(ValueIgnored).Warning("{Resource} is used in part: {Reason}", report.Subject, report.Reason);
    }

    public static void Problem(ILogger log, CalculationProblem problem) =>
        log.Of(ValueIgnored).Warning("{Resource} is {Extent}: {Reason}", problem.Key.ToString(), problem.InPart ? "used in part" : "ignored", problem.Reason);

    public static void Endpoint(ILogger log, string endpoint, string interfaceName, string status, string reason) =>
        log.Of(EndpointStatus).Information("endpoint {Endpoint} on {Interface} is {Status}{Reason}", endpoint, interfaceName, status, reason);

    public static void HostEndpoint(ILogger log, string endpoint, string status, string reason) =>
        log.Of(HostEndpointStatus).Information("host endpoint {Endpoint} is {Status}{Reason}", endpoint, status, reason);

    public static void Policy(ILogger log, string policy, string tier, bool inForce, bool staged) =>
        log.Of(PolicyChanged).Information("policy {Policy} of tier {Tier} is {State}", policy, tier, (inForce, staged) switch
        {
            (true, false) => "in force",
            (false, false) => "no longer in force",
            (true, true) => "counted, not enforced",
            _ => "no longer counted",
        });

    /// <summary>Another program changed our table.</summary>
    public static void Meddled(ILogger log, string what, NftEvent last, int changes, int before, int messages)
    {
        string who = last.Kind == NftEventKind.Overrun ? "somebody (events were lost)" : $"{last.ProcessName} (pid {last.ProcessId})";
        string often = changes > 1 ? $" {changes} times" : "", more = before > 0 ? $"; {before} repairs before it were not told" : "";
        if (messages > 0) log.Of(TableMeddled).Warning("{What} was changed{Times} by {Who}: repaired by {Messages} messages in one commit{More}", what, often, who, messages, more);
        else log.Of(TableMeddled).Debug("{What} was changed{Times} by {Who}: nothing had to be repaired{More}", what, often, who, more);
    }

    /// <summary>Another program changed what is ours, and it was found by looking.</summary>
    public static void Mended(ILogger log, string what, int lines) =>
        log.Of(TableMeddled).Warning("{What} was changed by somebody: repaired by {Lines} lines", what, lines);

    public static void Revoked(ILogger log, RevocationCount count, OnRevoke how) =>
        log.Of(ConnectionsRevoked).Information("{Cut} connections are cut because policy no longer allows them ({How}), {Restored} are allowed again", count.Cut, how.ToString().ToLowerInvariant(), count.Restored);

    public static void ChecksumsBroken(ILogger log, ChecksumPeer peer) =>
        log.Of(OffloadBroken).Warning("checksums that {Device} leaves for the network card to fill in arrive wrong at {Peer}: the kernel fills them in from now on. To have it so from the start, say featureDetectOverride ChecksumOffloadBroken=true", peer.Device, peer.Address.ToString());

    public static void LegacyUnseen(ILogger log) =>
        log.Of(LegacyLeft).Warning("an earlier run programmed policy with iptables-legacy, which only root can see: its rules may still be there, deciding by a policy of the past. Start this agent once as root (the unit's drop-in, canal-iptables(7)), or run canal-felix --cleanup as root and start it again");

    public static void TunnelAddressed(ILogger log, string node, Datastore.TunnelChange change)
    {
        if (change is { Before: { } old, Now: { } other }) log.Of(NodeCompleted).Information("Node {Node} has {Address} as its {Type} instead of {Before}, which the pools do not allow", node, other.ToString(), change.Tunnel.Type, old.ToString());
        else if (change.Now is { } now) log.Of(NodeCompleted).Information("Node {Node} has {Address} as its {Type}", node, now.ToString(), change.Tunnel.Type);
        else log.Of(NodeCompleted).Information("Node {Node} has no {Type} any more, {Before} before: no pool wants it", node, change.Tunnel.Type, change.Before.ToString());
    }

    public static void TunnelReleased(ILogger log, string node, Core.Addressing.IpAddress address) =>
        log.Of(NodeCompleted).Information("{Address}, which Node {Node} had for a tunnel, is given back", address.ToString(), node);

    public static void KeysPublished(ILogger log, string node, Nodes.WireGuardKeys keys)
    {
        if (keys.V4.Length + keys.V6.Length == 0) log.Of(NodeCompleted).Information("Node {Node} tells no WireGuard key any more: this host is reached without encryption", node);
        else log.Of(NodeCompleted).Information("Node {Node} tells the WireGuard key {Key}", node, string.Join(" and ", new[] { keys.V4, keys.V6 }.Where(key => key.Length > 0)));
    }

    public static void Closed(ILogger log, string what, string reason) =>
        log.Of(PartClosed).Error("{What} cannot be programmed, what it would decide is denied until it changes: {Reason}", what, reason);

    public static void Opened(ILogger log, string what) => log.Of(PartClosed).Information("{What} is not denied as a whole any more", what);

    public static void LeftOut(ILogger log, string what, string reason) =>
        log.Of(RuleLeftOut).Error("{What} cannot be programmed and is not in force on this host, everything else is: {Reason}", what, reason);

    public static void NotLeftOut(ILogger log, string what) => log.Of(RuleLeftOut).Information("{What} is not refused any more", what);

    public static void Configuration(ILogger log, string what) => log.Of(Configured).Information("configuration: {What}", what);

    public static void Misconfigured(ILogger log, string what) => log.Of(Configured).Warning("configuration: {What}", what);

    public static void Host(ILogger log, string refusal) => log.Of(HostRefused).Warning("this host's settings: {Refusal}", refusal);

    /// <summary>Packets of a flow that were not told yet.</summary>
    public static void Dropped(ILogger log, DroppedFlow flow)
    {
        PacketFlow packet = flow.First.Flow;
        // Without a name when the loop had no time to give one.
        string endpoint = flow.Place?.Endpoint ?? "", whose = endpoint.Length == 0 ? "" : $" of {endpoint}", way = DropReason.Word(flow.Reason.Direction);
        log.Of(Denied)
            .ForContext("Policy", flow.Policy ?? "").ForContext("Rule", flow.Reason.Rule?.ToString(CultureInfo.InvariantCulture) ?? "")
            .ForContext("Endpoint", endpoint).ForContext("Direction", way).ForContext("InInterface", flow.Place?.Input ?? "").ForContext("OutInterface", flow.Place?.Output ?? "")
            .ForContext("Protocol", DropText.Protocol(packet.Protocol)).ForContext("Source", packet.Source.ToString()).ForContext("SourcePort", packet.SourcePort)
            .ForContext("Destination", packet.Destination.ToString()).ForContext("DestinationPort", packet.DestinationPort)
            .Information("denied {Packets} packets, {Way}{Whose}: {Flow} by {Reason}", flow.Count - flow.Told, way, whose, DropText.Of(packet), flow.Why);
    }

    public static void DroppedMore(ILogger log, long packets, long missed) =>
        log.Of(DeniedMore).Information("{Packets} denied packets were not told one by one{Missed}", packets, missed > 0 ? $", and {missed} more were not looked at" : "");
}
