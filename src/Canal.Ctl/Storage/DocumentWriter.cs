using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Writes documents that a command has composed itself, with all the checks that apply makes.</summary>
internal sealed class DocumentWriter(ResourceStore store, Surroundings around)
{
    /// <summary>Creates the resource, or puts these fields of its spec over those it has.</summary>
    /// <returns>False after saying why it was not written.</returns>
    public async Task<bool> MergeAsync(ResourceKind kind, string? @namespace, string name, JsonObject changes, CancellationToken stop)
    {
        ResourceKindEntry entry = ResourceKinds.Of(kind);
        if (await store.FindAsync(kind, @namespace, name, stop) is not null)
            return await new ResourceEditor(store, around).EditAsync(new ResourceArgument(entry, @namespace, name), (before, _) => (JsonObject)MergePatch.Apply(before, changes)!, stop);
        JsonObject root = (JsonObject)MergePatch.Apply(new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, changes)!;
        if (@namespace is not null)
            root["metadata"]!["namespace"] = @namespace;
        return await CreateAsync(entry, root, stop);
    }

    private async Task<bool> CreateAsync(ResourceKindEntry kind, JsonObject root, CancellationToken stop)
    {
        (root["apiVersion"], root["kind"]) = (ResourceCodec.ApiVersion, kind.Name);
        List<Problem> problems = [];
        WantedResource? wanted = new WantedReader(null).Read(new SourceDocument(new Origin("", 0, 0), ResourceDocument.From(root)), problems);
        if (wanted is not null)
            DocumentCheck.Check(wanted, problems);
        foreach (Problem problem in problems)
            around.Say($"{wanted?.Title ?? kind.Name}: {problem}");
        if (problems.Count > 0)
            return false;
        ResourceWriter writer = new(store, WriteVerb.Create, around);
        return await writer.LookAsync([wanted!], stop) is { } plans && await writer.WriteAsync(plans[0].Wanted, plans[0].Plan, stop);
    }
}
