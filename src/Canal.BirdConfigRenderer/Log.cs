using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Feed;
using Canal.Core.Calculation;
using Canal.Hosting;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Everything this daemon says, with the ids that the journal's readers may rely on. Never a password, never a line of BIRD's file.</summary>
internal static class Log
{
    private static readonly LogEventKind Starting = LogEventKind.Of("starting", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b01");
    private static readonly LogEventKind Stopping = LogEventKind.Of("stopping", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b02");
    private static readonly LogEventKind EtcdConnected = LogEventKind.Of("etcd-connected", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b03");
    private static readonly LogEventKind EtcdLost = LogEventKind.Of("etcd-lost", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b04");
    private static readonly LogEventKind Applied = LogEventKind.Of("bird-configured", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b05");
    private static readonly LogEventKind Refused = LogEventKind.Of("bird-refused", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b06");
    private static readonly LogEventKind Failure = LogEventKind.Of("failed", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b07");
    private static readonly LogEventKind ValueIgnored = LogEventKind.Of("value-ignored", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b08");
    private static readonly LogEventKind ValueHealed = LogEventKind.Of("value-healed", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b09");
    private static readonly LogEventKind SessionUp = LogEventKind.Of("bgp-session-up", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b0a");
    private static readonly LogEventKind SessionDown = LogEventKind.Of("bgp-session-down", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b0b");
    private static readonly LogEventKind BirdState = LogEventKind.Of("bird-state", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b0c");
    public static readonly LogEventKind NodeCompleted = LogEventKind.Of("node-registered", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b0e");
    private static readonly LogEventKind Configured = LogEventKind.Of("configured", "8b7f3f7e0d5c4b0e9d1a5c2e7a6b0b0d");

    /// <summary>Of what is tried again.</summary>
    public static LogEventKind FailureKind => Failure;

    public static void Start(ILogger log, string node, string version) =>
        log.Of(Starting).Information("canal-bird-config-renderer {Version} starts on node {Node}", version, node);

    public static void Stop(ILogger log) => log.Of(Stopping).Information("stopping; BIRD goes on with its configuration");

    public static void Connected(ILogger log, string endpoint) => log.Of(EtcdConnected).Information("watching etcd at {Endpoint}", endpoint);

    public static void Lost(ILogger log, string reason) => log.Of(EtcdLost).Warning("etcd is out of reach, BIRD goes on unchanged: {Reason}", reason);

    public static void Configuration(ILogger log, long revision, int sessions, int added, int removed, int changed) =>
        log.Of(Applied).Information("BIRD's configuration follows revision {Revision}: {Sessions} sessions, {Added} new, {Removed} gone, {Changed} changed", revision, sessions, added, removed, changed);

    public static void Refusal(ILogger log, string reason) => log.Of(Refused).Error("BIRD refuses the new configuration, the old one stays: {Reason}", reason);

    public static void Failed(ILogger log, string what, string reason) => log.Of(Failure).Error("{What} failed, trying again: {Reason}", what, reason);

    public static void Recovered(ILogger log, string what) => log.Of(Failure).Information("{What} works again", what);

    public static void Held(ILogger log, string what) => log.Of(ValueIgnored).Error("BIRD's configuration stays as it is until this is mended or deleted: {What}", what);

    public static void Snippet(ILogger log, string name, string reason, bool earlierStays) => log.Of(Refused).Error("BIRD refuses the snippet {Snippet}, {Instead}: {Reason}", name, earlierStays ? "the version that was accepted before stays" : "it is left out", reason);

    public static void SnippetIsGood(ILogger log, string name) => log.Of(Refused).Information("the snippet {Snippet} is good again, or gone", name);

    public static void Affinity(ILogger log, AffinityReport report)
    {
        if (report.Reason.Length == 0) log.Of(ValueHealed).Information("the claim to block {Block} is good again", report.Block.ToString());
        else log.Of(ValueIgnored).Warning("the claim to block {Block} is refused, {Instead}: {Reason}", report.Block.ToString(), report.KeptOld ? "the value before it stays in force" : "it is left out", report.Reason);
    }

    public static void Value(ILogger log, FeedReport report)
    {
        if (report.Reason.Length == 0) log.Of(ValueHealed).Information("{Resource} is good again", report.Key.ToString());
        else if (report.KeptOld) log.Of(ValueIgnored).Warning("{Resource} is refused, the one before it stays in force: {Reason}", report.Key.ToString(), report.Reason);
        else log.Of(ValueIgnored).Warning("{Resource} is refused: {Reason}", report.Key.ToString(), report.Reason);
    }

    public static void Problem(ILogger log, CalculationProblem problem) =>
        log.Of(ValueIgnored).Warning("{Resource}: {Reason}", problem.Key.ToString(), problem.Reason);

    public static void Up(ILogger log, SessionState session, string description) =>
        log.Of(SessionUp).Information("BGP session {Session} ({Peer}) is established", session.Name, description);

    public static void Down(ILogger log, string session, string description, string state, string error) =>
        log.Of(SessionDown).Warning("BGP session {Session} ({Peer}) is down: {State}{Error}", session, description, state, error.Length > 0 ? $", {error}" : "");

    public static void BirdAnswers(ILogger log, string bird, string version, int established, int sessions) =>
        log.Of(BirdState).Information("{Bird} {Version} runs, {Established} of {Sessions} sessions are established", bird, version, established, sessions);

    public static void BirdIsSilent(ILogger log, string reason) => log.Of(BirdState).Warning("{Reason}", reason);

    public static void BirdStarts(ILogger log, string bird) => log.Of(BirdState).Information("starting {Bird}", bird);

    public static void UnknownBird(ILogger log, string reason) => log.Of(BirdState).Warning("which BIRD this host has cannot be asked, it is taken for BIRD 2: {Reason}", reason);

    public static void FormerBird(ILogger log, string path) => log.Of(BirdState).Information("this host has no BIRD 1.6 any more: {File} is deleted and the process that had it ended", path);

    public static void BirdRestarts(ILogger log) => log.Of(BirdState).Information("BIRD restarts; neighbours keep its routes meanwhile");

    public static void Files(ILogger log, string what) => log.Of(Configured).Warning("{What}", what);

    public static void Settings(ILogger log, string what) => log.Of(Configured).Information("configuration: {What}", what);
}
