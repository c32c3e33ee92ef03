using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Deletes resources one by one.</summary>
internal sealed class ResourceRemover(Connection connection, Surroundings around, bool ignoreMissing)
{
    private const int MostTries = 5;

    /// <summary>The tiers that every release expects to be there.</summary>
    private static readonly string[] StaticTiers = [PolicySpec.DefaultTier, "kube-admin", "kube-baseline"];

    private static readonly ResourceKind[] TieredKinds = [.. Enum.GetValues<ResourceKind>().Where(kind => kind.IsTiered())];

    private readonly ResourceStore store = connection.Resources;

    /// <summary>Deletes one; if it must still be at a revision, only then. A Node goes with all that is the host's, and after it: a try that was cut short can be made again.</summary>
    /// <returns>False after saying why it was not deleted.</returns>
    public async Task<bool> RemoveAsync(ResourceArgument target, long? revision, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            StoredResource? stored = await store.FindAsync(target.Kind.Kind, target.Namespace, target.Name, stop);
            if (stored is null)
                return target.Kind.Kind == ResourceKind.Node ? await MissingNodeAsync(target, stop) : Missing(target);
            if (await ObstacleAsync(target, stored, revision, stop) is { } obstacle)
                return Refuse(target, obstacle);
            if (target.Kind.Kind == ResourceKind.Node && !await new NodeRemover(connection, around, stored.Key.Name).RunAsync(stop))
                return Refuse(target, "stays, because not all that is the host's could be removed");
            if (await store.DeleteAsync(stored.Key, stored.Revision, stop))
            {
                around.Say($"deleted {target.Title}{(stored.Key.Name == target.Name ? "" : $" (stored as {stored.Key.Name})")}");
                return true;
            }
        }
        return Refuse(target, $"somebody else changed it each of {MostTries} times while it was being deleted");
    }

    /// <summary>What a host has left without its Node goes too, and is then what was asked for.</summary>
    private async Task<bool> MissingNodeAsync(ResourceArgument target, CancellationToken stop)
    {
        NodeRemover remover = new(connection, around, target.Name);
        bool good = await remover.RunAsync(stop), missing = Missing(target);
        return good && (missing || remover.Removed > 0);
    }

    private bool Missing(ResourceArgument target)
    {
        around.Say($"{target.Title}: does not exist");
        return ignoreMissing;
    }

    private bool Refuse(ResourceArgument target, string reason)
    {
        around.Say($"{target.Title}: {reason}");
        return false;
    }

    private async Task<string?> ObstacleAsync(ResourceArgument target, StoredResource stored, long? revision, CancellationToken stop)
    {
        if (revision is { } wanted && wanted != stored.Revision)
            return $"the document is of revision {wanted}, and it has changed since, at {stored.Revision}";
        if (target.Kind.Kind != ResourceKind.Tier)
            return null;
        if (StaticTiers.Contains(target.Name))
            return "is a built-in tier, which cannot be deleted";
        return await PolicyOfAsync(target.Name, stop) is { } policy ? $"still has policies: {policy}" : null;
    }

    /// <summary>The first policies of a tier, for a message; null when there are none.</summary>
    private async Task<string?> PolicyOfAsync(string tier, CancellationToken stop)
    {
        const int Shown = 3;
        List<string> found = [];
        foreach (ResourceKind kind in TieredKinds)
        {
            foreach (StoredResource policy in (await store.ListAsync(ResourceKinds.Of(kind), null, stop)).Resources)
            {
                if (policy.Document?.Spec?["tier"]?.ToString() == tier)
                    found.Add(policy.Key.ToString());
            }
        }
        return found.Count == 0 ? null : string.Join(", ", found.Take(Shown)) + (found.Count > Shown ? $" and {found.Count - Shown} more" : "");
    }
}
