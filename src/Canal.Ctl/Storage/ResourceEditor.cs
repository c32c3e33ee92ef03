using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Reads a resource, changes it and writes it back over what was read, again when somebody else was faster.</summary>
internal sealed class ResourceEditor(ResourceStore store, Surroundings around)
{
    private const int MostTries = 5;

    private readonly WritePlanner planner = new(WriteVerb.Replace, around.Time);

    /// <summary>Changes one.</summary>
    /// <param name="target">Which.</param>
    /// <param name="change">Gives the changed object, or null after adding what is in the way.</param>
    /// <param name="stop">Ends the attempt.</param>
    /// <returns>False after saying why it was not changed.</returns>
    public async Task<bool> EditAsync(ResourceArgument target, Func<JsonObject, List<Problem>, JsonObject?> change, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            if (await store.FindAsync(target.Kind.Kind, target.Namespace, target.Name, stop) is not { } stored)
                return Refuse(target, [new Problem("", "does not exist")]);
            if (stored.Document is null)
                return Refuse(target, [stored.Problem with { Sentence = $"the stored value {stored.Problem.Sentence}" }]);
            List<Problem> problems = [];
            if (Plan(target, stored, change, problems) is not { } plan)
                return Refuse(target, problems);
            if (plan.Unchanged || await store.PutAsync(plan.Key, plan.Document.ToStoredBytes(), plan.Seen, stop))
            {
                around.Say($"{(plan.Unchanged ? "unchanged" : "updated")} {target.Title}");
                return true;
            }
        }
        return Refuse(target, [new Problem("", $"somebody else changed it each of {MostTries} times while it was being written")]);
    }

    private PlannedWrite? Plan(ResourceArgument target, StoredResource stored, Func<JsonObject, List<Problem>, JsonObject?> change, List<Problem> problems)
    {
        JsonObject shown = ShownResource.Of(stored);
        if (change((JsonObject)shown.DeepClone(), problems) is not { } changed)
            return null;
        changed["apiVersion"] ??= ResourceCodec.ApiVersion;
        SourceDocument source = new(new Origin("", 0, 0), ResourceDocument.From(changed));
        if (new WantedReader(target.Namespace).Read(source, problems) is not { } wanted)
            return null;
        if (wanted.Kind != target.Kind || wanted.Name != target.Name || wanted.Namespace != target.Namespace)
            problems.Add(new Problem("", $"would become {wanted.Title}: kind, name and namespace cannot be changed"));
        List<Problem> found = [];
        DocumentCheck.Check(wanted, found);
        problems.AddRange(found.Except(Before(wanted, stored)));
        if (problems.Count > 0)
            return null;
        PlannedWrite? plan = planner.Plan(wanted, stored, problems);
        return plan is null ? null : WithoutTaken(plan, shown, changed);
    }

    /// <summary>What was wrong before is not this change's fault: a field of a later release, or a value that nobody checked.</summary>
    private static List<Problem> Before(WantedResource wanted, StoredResource stored)
    {
        ResourceDocument document = ResourceDocument.From(ShownResource.Of(stored));
        document.Root["apiVersion"] = ResourceCodec.ApiVersion;
        List<Problem> problems = [];
        DocumentCheck.Check(wanted with { Document = document }, problems);
        return problems;
    }

    // Applying a document keeps fields nobody here knows; here they are known to the one who takes them away.
    private static PlannedWrite WithoutTaken(PlannedWrite plan, JsonObject before, JsonObject after)
    {
        TakeAway(plan.Document.Root, before, after);
        return plan;
    }

    private static void TakeAway(JsonObject from, JsonObject before, JsonObject after)
    {
        foreach ((string name, JsonNode? value) in before)
        {
            if (name is "metadata")
                continue;
            if (!after.ContainsKey(name))
                from.Remove(name);
            else if (value is JsonObject inner && after[name] is JsonObject now && from[name] is JsonObject kept)
                TakeAway(kept, inner, now);
        }
    }

    private bool Refuse(ResourceArgument target, IEnumerable<Problem> problems)
    {
        foreach (Problem problem in problems)
            around.Say($"{target.Title}: {problem}");
        return false;
    }
}
