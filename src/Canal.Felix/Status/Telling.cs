using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Dataplane;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Hosts;
using Canal.Hosting;
using Serilog;

namespace Canal.Felix.Status;

/// <summary>Tells what became of policies and endpoints: status files, etcd, log. Each thing once, and again when it is another.</summary>
/// <param name="reporter">Tells etcd.</param>
/// <param name="statusPrefix">The folder that status files are below, at first.</param>
/// <param name="time">Says when files that could not be written are tried again.</param>
/// <param name="log">Where it is told.</param>
internal sealed class Telling(EtcdReporter reporter, string statusPrefix, TimeProvider time, ILogger log)
{
    private readonly Dictionary<ResourceKey, CompiledPolicy?> untold = [];
    private readonly Dictionary<ResourceKey, string> inForce = [];
    private readonly Trouble writing = new("writing endpoint status files", Log.ProgrammingFailed, time, log);
    private Dictionary<string, string> closed = [], leftOut = [];
    private ReportingParameters reporting = ReportingParameters.Off;
    private StatusFiles files = new(statusPrefix);

    public EndpointStatuses Statuses { get; } = new();

    public HostEndpointStatuses HostStatuses { get; } = new();

    public EtcdReporter Reporter => reporter;

    /// <summary>The folder that status files are below.</summary>
    public string StatusPrefix { get; private set; } = statusPrefix;

    /// <summary>When status files that could not be written are tried again; null when all are.</summary>
    public DateTimeOffset? FilesRetryAt => writing.RetryAt;

    /// <summary>Why they could not be written; null when they are.</summary>
    public string? FilesReason => writing.Reason;

    /// <summary>Other parameters are in force: what was told is told anew where it was not.</summary>
    public void Configure(ReportingParameters parameters, string prefix)
    {
        if (parameters != reporting) Report(parameters);
        if (prefix != StatusPrefix) MoveFiles(prefix);
    }

    /// <summary>These policies are to come into force, or (null) to leave it.</summary>
    public void Note(IReadOnlyDictionary<ResourceKey, CompiledPolicy?> policies)
    {
        foreach ((ResourceKey key, CompiledPolicy? policy) in policies) untold[key] = policy;
    }

    /// <summary>
    /// What is in the kernel now and was not before. After the first programming only: what was there from the start is one line, not a thousand. What could not
    /// be programmed is told in any case.
    /// </summary>
    public void TellPolicies(IDataplane dataplane, bool isFirst)
    {
        closed = Told(closed, dataplane.Closed, Log.Closed, Log.Opened);
        leftOut = Told(leftOut, dataplane.LeftOut, Log.LeftOut, Log.NotLeftOut);
        foreach ((ResourceKey key, CompiledPolicy? policy) in isFirst ? [] : untold)
            if (TierOfNews(key, policy) is string tier) Log.Policy(log, KernelNames.PolicyId(key), tier, policy is not null, PolicyCompiler.IsStaged(key.Kind));
        untold.Clear();
    }

    /// <summary>Tells what became of endpoints.</summary>
    public void Tell(List<StatusChange> changes)
    {
        foreach (StatusChange change in changes)
        {
            files.Set(change.Endpoint, change.State == EndpointState.Up);
            reporter.Report(change.Endpoint.Key.Namespace ?? "", change.Endpoint.Key.Name, change.State);
            string word = change.State?.ToString().ToLowerInvariant() ?? "gone";
            Log.Endpoint(log, change.Endpoint.DisplayName, change.Endpoint.InterfaceName, word, change.Reason.Length > 0 ? $": {change.Reason}" : "");
        }
    }

    /// <summary>Tells what became of host endpoints: etcd, log. They have no files: nobody waits for them.</summary>
    public void TellHosts(HostEndpointResolution resolution)
    {
        foreach (HostStatusChange change in HostStatuses.Update(resolution))
        {
            reporter.Report(change.Name, change.State);
            Log.HostEndpoint(log, change.Name, change.State?.ToString().ToLowerInvariant() ?? "gone", change.Reason.Length > 0 ? $": {change.Reason}" : "");
        }
    }

    /// <summary>Status files that somebody took away come back.</summary>
    public void DoubtFiles() => files.Doubt(Statuses.Current.Values.Where(status => status.State == EndpointState.Up).Select(status => status.Endpoint));

    /// <summary>Files of other endpoints than these go.</summary>
    public void SweepFiles(IEnumerable<EndpointPolicy> present) => files.Sweep(present);

    /// <summary>Writes the status files that are due, unless they failed a moment ago.</summary>
    public void TryFiles()
    {
        if (files.IsDue && writing.MayTry) writing.Note(files.Write());
    }

    private void Report(ReportingParameters parameters)
    {
        reporting = parameters;
        reporter.Configure(parameters);
        foreach ((EndpointPolicy endpoint, EndpointState state) in Statuses.Current.Values) reporter.Report(endpoint.Key.Namespace ?? "", endpoint.Key.Name, state);
        foreach ((string name, (HostEndpointState state, string _)) in HostStatuses.Current) reporter.Report(name, state);
    }

    private void MoveFiles(string prefix)
    {
        if (files.Leave() is string refusal) Log.Host(log, refusal);
        files = new StatusFiles(StatusPrefix = prefix);
        files.Sweep(Statuses.Current.Values.Select(status => status.Endpoint));
        foreach ((EndpointPolicy endpoint, EndpointState state) in Statuses.Current.Values) files.Set(endpoint, state == EndpointState.Up);
    }

    /// <summary>The tier of a policy that came into force or left it; null when it was in force before and is still, or is a profile.</summary>
    private string? TierOfNews(ResourceKey key, CompiledPolicy? policy)
    {
        if (key.Kind == ResourceKind.Profile) return null;
        if (policy is null) return inForce.Remove(key, out string? tier) ? tier : "";
        return inForce.TryAdd(key, policy.Tier) ? policy.Tier : null;
    }

    private Dictionary<string, string> Told(Dictionary<string, string> before, IReadOnlyDictionary<string, string> now, Action<ILogger, string, string> begins, Action<ILogger, string> ends)
    {
        if (now.Count == 0 && before.Count == 0) return before;
        foreach ((string what, string reason) in now)
            if (!before.TryGetValue(what, out string? told) || told != reason) begins(log, what, reason);
        foreach (string what in before.Keys.Where(what => !now.ContainsKey(what))) ends(log, what);
        return now.ToDictionary();
    }
}
