using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Carries out a verb on wanted resources, first looking at all of them, then writing one by one.</summary>
internal sealed class ResourceWriter(ResourceStore store, WriteVerb verb, Surroundings around)
{
    /// <summary>Somebody else may write between our reading and our writing; more often than this in a row is no accident.</summary>
    private const int MostTries = 5;

    /// <summary>What is to be created and exists already is passed over.</summary>
    public bool SkipExisting { get; init; }

    private readonly WritePlanner planner = new(verb, around.Time);

    /// <summary>What is to be written, tiers first because policies need them; null after saying what does not allow it.</summary>
    public async Task<IReadOnlyList<(WantedResource Wanted, PlannedWrite Plan)>?> LookAsync(IReadOnlyList<WantedResource> wanted, CancellationToken stop)
    {
        List<(WantedResource, PlannedWrite)> plans = [];
        SurroundingResources others = new(store, wanted);
        bool good = true;
        foreach (WantedResource resource in wanted.OrderBy(resource => resource.Kind.Kind == ResourceKind.Tier ? 0 : 1))
        {
            List<Problem> problems = [];
            StoredResource? stored = await FindAsync(resource, stop);
            if (stored is not null && SkipExisting)
            {
                around.Say($"skipped {resource.Title}: exists already");
                continue;
            }
            PlannedWrite? plan = planner.Plan(resource, stored, problems);
            if (stored is null)
                await others.CheckAsync(resource, problems, stop);
            foreach (Problem problem in problems)
                around.Say($"{resource.Where}: {problem}");
            good &= problems.Count == 0;
            if (plan is not null)
                plans.Add((resource, plan));
        }
        return good ? plans : null;
    }

    /// <summary>Writes one; when somebody else was faster, looks again and tries again, unless the document names the revision it is for.</summary>
    /// <returns>False after saying why it was not written.</returns>
    public async Task<bool> WriteAsync(WantedResource wanted, PlannedWrite plan, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            if (plan.Unchanged || await store.PutAsync(plan.Key, plan.Document.ToStoredBytes(), plan.Seen, stop))
            {
                around.Say($"{(plan.Unchanged ? "unchanged" : plan.Seen == 0 ? "created" : "updated")} {Title(wanted, plan)}");
                return true;
            }
            List<Problem> problems = [];
            PlannedWrite? again = planner.Plan(wanted, await FindAsync(wanted, stop), problems);
            foreach (Problem problem in problems)
                around.Say($"{wanted.Where}: {problem}");
            if (again is null)
                return false;
            plan = again;
        }
        around.Say($"{wanted.Where}: somebody else changed it each of {MostTries} times while it was being written");
        return false;
    }

    // A policy of another tier than default cannot be the one that older releases call default.NAME.
    private async Task<StoredResource?> FindAsync(WantedResource wanted, CancellationToken stop)
    {
        bool mayBePrefixed = wanted.Document.Spec?["tier"] is not { } tier || tier.ToString() is "" or PolicySpec.DefaultTier;
        return mayBePrefixed
            ? await store.FindAsync(wanted.Kind.Kind, wanted.Namespace, wanted.Name, stop)
            : await store.GetAsync(new ResourceKey(wanted.Kind.Kind, wanted.Namespace, wanted.Name), stop);
    }

    private static string Title(WantedResource wanted, PlannedWrite plan) =>
        plan.Key.Name == wanted.Name ? wanted.Title : $"{wanted.Title} (stored as {plan.Key.Name})";
}
