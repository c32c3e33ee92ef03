using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl init</c>: makes an empty etcd one that agents work with. It never turns on what somebody has turned off.</summary>
internal sealed class InitCommand
{
    private const int MostTries = 5;

    private readonly GlobalOptions options;
    private readonly Surroundings around;

    public InitCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("init", "Prepare etcd: the cluster's identity, the mark that the data is ready, and the default tier.");
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        // The tier before the mark: an agent that sees the mark should not miss the tier.
        bool good = await EnsureAsync(connection.Resources, ResourceKind.Tier, _ => { }, stop)
            && await EnsureAsync(connection.Resources, ResourceKind.ClusterInformation, CompleteCluster, stop);
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<bool> EnsureAsync(ResourceStore store, ResourceKind kind, Action<ResourceDocument> complete, CancellationToken stop)
    {
        ResourceKey key = new(kind, null, PolicySpec.DefaultTier);
        WritePlanner planner = new(WriteVerb.Apply, around.Time);
        for (int tries = 1; tries <= MostTries; tries++)
        {
            StoredResource? stored = await store.GetAsync(key, stop);
            if (stored is { Document: null })
            {
                around.Say($"{key}: {stored.Problem}; delete it and run init again");
                return false;
            }
            WantedResource wanted = Wanted(key, stored, complete);
            List<Problem> problems = [];
            PlannedWrite plan = planner.Plan(wanted, stored, problems) ?? throw new InvalidOperationException($"{key}: {problems[0]}");
            if (stored is not null && plan.Unchanged || await store.PutAsync(key, plan.Document.ToStoredBytes(), plan.Seen, stop))
            {
                around.Say($"{(plan.Unchanged ? "unchanged" : stored is null ? "created" : "completed")} {key}{Remark(plan.Document)}");
                return true;
            }
        }
        around.Say($"{key}: somebody else changed it each of {MostTries} times while it was being written");
        return false;
    }

    /// <summary>What is there with what is missing; nothing that is there is changed.</summary>
    private static WantedResource Wanted(ResourceKey key, StoredResource? stored, Action<ResourceDocument> complete)
    {
        ResourceDocument document = stored?.Document!.Clone() ?? ResourceDocument.From([]);
        document.Root["apiVersion"] = ResourceCodec.ApiVersion;
        document.Root["kind"] = ResourceKinds.Of(key.Kind).Name;
        document.Name = key.Name;
        complete(document);
        return new WantedResource(new Origin("canalctl init", 1, 0), document, ResourceKinds.Of(key.Kind), null);
    }

    private static void CompleteCluster(ResourceDocument document)
    {
        JsonObject spec = document.EnsureSpec();
        if (string.IsNullOrEmpty(spec["clusterGUID"]?.ToString()))
            spec["clusterGUID"] = Guid.NewGuid().ToString("N");
        spec["datastoreReady"] ??= true;
    }

    private static string Remark(ResourceDocument document)
    {
        if (document.Spec?["clusterGUID"]?.ToString() is not { } guid)
            return "";
        bool ready = document.Spec["datastoreReady"] is JsonValue value && value.TryGetValue(out bool flag) && flag;
        return $": clusterGUID {guid}, datastoreReady {(ready ? "true" : "false - left as it is; agents wait until it is true")}";
    }
}
