using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl datastore migrate</c>: moves a cluster to another etcd, or its policies to the names of another era.</summary>
internal sealed class DatastoreCommand
{
    private static readonly ResourceKey Cluster = new(ResourceKind.ClusterInformation, null, "default");

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> file = new("--filename", "-f") { Description = "An export; - for standard input.", HelpName = "FILE", Required = true };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Say what would be renamed." };
    private readonly Argument<string> style = new("STYLE") { Description = "plain: NAME, as Calico 3.32 and Canal write them; prefixed: default.NAME, as Calico up to 3.31 does." };

    public DatastoreCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        style.CompletionSources.Add("plain", "prefixed");
        Command migrate = new("migrate", "Move a cluster: lock, export, import into the other etcd, unlock.");
        Add(migrate, "lock", "Tell agents to leave everything as it is: datastoreReady becomes false.", (parsed, stop) => SetReadyAsync(parsed, false, stop));
        Add(migrate, "unlock", "Tell agents to go on: datastoreReady becomes true.", (parsed, stop) => SetReadyAsync(parsed, true, stop));
        Add(migrate, "export", "Print all resources and address management; etcd should be locked.", ExportAsync);
        Add(migrate, "import", "Write an export into an etcd that has none of it.", ImportAsync, file);
        Command names = Add(migrate, "names", "Rename the default tier's policies to the style of another release, each in one step.", NamesAsync, dryRun);
        names.Add(style);
        Definition = new Command("datastore", "Move a cluster to another etcd, or its policies to other names.") { migrate };
    }

    public Command Definition { get; }

    private static Command Add(Command to, string name, string description, Func<ParseResult, CancellationToken, Task<int>> run, params Option[] options)
    {
        Command command = new(name, description);
        foreach (Option option in options)
            command.Add(option);
        command.SetAction(run);
        to.Add(command);
        return command;
    }

    private async Task<int> SetReadyAsync(ParseResult parsed, bool ready, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceEditor editor = new(connection.Resources, around);
        JsonObject change = new() { ["spec"] = new JsonObject { ["datastoreReady"] = ready } };
        bool good = await editor.EditAsync(new ResourceArgument(ResourceKinds.Of(Cluster.Kind), null, Cluster.Name), (before, _) => (JsonObject)MergePatch.Apply(before, change)!, stop);
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<int> ExportAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        if (await IsReadyAsync(connection, stop))
            around.Say("not locked: what changes meanwhile may be exported in part (canalctl datastore migrate lock)");
        List<string> unreadable = await ResourceExport.WriteAsync(connection.Resources, around.Output, stop);
        await ResourceExport.WriteIpamAsync(connection.Etcd, around.Output, stop);
        foreach (string problem in unreadable)
            around.Say($"{problem}: not exported");
        return unreadable.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static async Task<bool> IsReadyAsync(Connection connection, CancellationToken stop) =>
        (await connection.Resources.GetAsync(Cluster, stop))?.Document?.Decode(Cluster).Resource is ClusterInformation { DatastoreReady: true };

    private async Task<int> ImportAsync(ParseResult parsed, CancellationToken stop)
    {
        Input input = InputReader.Read([parsed.GetValue(file)!], recursive: false, around.Input);
        List<string> errors = [.. input.Errors];
        List<(string Key, byte[] Value)> ipam = [];
        List<WantedResource> wanted = [];
        WantedReader reader = new(null);
        foreach (SourceDocument document in input.Documents)
        {
            List<Problem> problems = [];
            if (document.Document.Kind == ResourceExport.IpamKind && document.Document.ApiVersion == ResourceExport.IpamApiVersion)
                ipam.AddRange(IpamImport.Read(document, errors));
            else if (reader.Read(document, problems) is { } resource)
                wanted.Add(resource);
            errors.AddRange(problems.Select(problem => $"{document.Origin}: {problem}"));
        }
        foreach (string error in errors)
            around.Say(error);
        if (errors.Count > 0)
            return Nothing();
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        return await ImportAsync(connection, wanted, ipam, stop);
    }

    /// <summary>Address management last: with it there, the cluster is complete.</summary>
    private async Task<int> ImportAsync(Connection connection, List<WantedResource> wanted, List<(string Key, byte[] Value)> ipam, CancellationToken stop)
    {
        IpamImport import = new(connection.Etcd);
        if (await import.IsInUseAsync(stop))
        {
            around.Say("this etcd has address management already");
            return Nothing();
        }
        ResourceWriter writer = new(connection.Resources, WriteVerb.Create, around);
        if (await writer.LookAsync(wanted, stop) is not { } plans)
            return Nothing();
        foreach ((WantedResource resource, PlannedWrite plan) in plans)
        {
            if (!await writer.WriteAsync(resource, plan, stop))
                return ExitCode.Failure;
        }
        if (!await import.WriteAsync(ipam, stop))
            throw new CommandException(ExitCode.Failure, "somebody else writes address management into this etcd: the import is not complete");
        around.Say($"{plans.Count} resources and {ipam.Count} keys of address management were written{(await IsReadyAsync(connection, stop) ? "" : "; agents wait until it is unlocked")}");
        return ExitCode.Ok;
    }

    private int Nothing()
    {
        around.Say("nothing was written");
        return ExitCode.Failure;
    }

    private async Task<int> NamesAsync(ParseResult parsed, CancellationToken stop)
    {
        PolicyNameStyle wanted = parsed.GetValue(style) switch
        {
            "plain" => PolicyNameStyle.Verbatim,
            "prefixed" => PolicyNameStyle.Prefixed,
            var other => throw CommandException.Usage($"names: {Problem.Quote(other!)} is not plain or prefixed"),
        };
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        bool good = true;
        foreach (ResourceKindEntry kind in ResourceKinds.All.ToArray().Where(kind => kind.Kind.IsTiered()))
        {
            foreach (StoredResource stored in (await connection.Resources.ListAsync(kind, null, stop)).Resources)
                good &= await RenameAsync(connection.Etcd, stored, wanted, parsed.GetValue(dryRun), stop);
        }
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>Policies of other tiers have one name in every era.</summary>
    private async Task<bool> RenameAsync(EtcdStore etcd, StoredResource stored, PolicyNameStyle wanted, bool dry, CancellationToken stop)
    {
        if (stored.Document is not { } document || document.Spec?["tier"]?.ToString() is not (null or "" or PolicySpec.DefaultTier))
            return true;
        ResourceKey renamed = stored.Key with { Name = PolicyNames.StoredName(stored.DisplayName, wanted) };
        if (renamed == stored.Key)
            return true;
        ResourceDocument moved = document.Clone();
        moved.Annotations = moved.Annotations.With(PolicyNames.Annotation, PolicyNames.AnnotationFor(stored.DisplayName));
        moved.Name = renamed.Name;
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(stored.Key.ToEtcdKey(), stored.Revision).IfAbsent(renamed.ToEtcdKey())
            .Delete(stored.Key.ToEtcdKey()).Put(renamed.ToEtcdKey(), moved.ToStoredBytes());
        bool done = dry || (await etcd.CommitAsync(transaction, stop)).Succeeded;
        around.Say(done ? $"{(dry ? "would rename" : "renamed")} {stored.Key} to {renamed.Name}" : $"{stored.Key}: not renamed: it has changed meanwhile, or {renamed.Name} is there already");
        return done;
    }
}
