using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Deletes resources one by one.</summary>
internal sealed class ResourceRemover(ResourceStore store, Surroundings around, bool ignoreMissing)
{
    private const int MostTries = 5;

    /// <summary>The tiers that every release expects to be there.</summary>
    private static readonly string[] StaticTiers = [PolicySpec.DefaultTier, "kube-admin", "kube-baseline"];

    private static readonly ResourceKind[] TieredKinds = [.. Enum.GetValues<ResourceKind>().Where(kind => kind.IsTiered())];

    /// <summary>Deletes one; if it must still be at a revision, only then.</summary>
    /// <returns>False after saying why it was not deleted.</returns>
    public async Task<bool> RemoveAsync(ResourceArgument target, long? revision, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            StoredResource? stored = await store.FindAsync(target.Kind.Kind, target.Namespace, target.Name, stop);
            if (stored is null)
                return Missing(target);
            if (await ObstacleAsync(target, stored, revision, stop) is { } obstacle)
                return Refuse(target, obstacle);
            if (target.Kind.Kind == ResourceKind.Node && !await RemoveBgpOfAsync(stored.Key.Name, stop))
                return false;
            if (await store.DeleteAsync(stored.Key, stored.Revision, stop))
            {
                around.Say($"deleted {target.Title}{(stored.Key.Name == target.Name ? "" : $" (stored as {stored.Key.Name})")}");
                return true;
            }
        }
        return Refuse(target, $"somebody else changed it each of {MostTries} times while it was being deleted");
    }

    /// <summary>A node's own BGPPeers and BGPConfiguration end with it, and before it, so that a try that was cut short can be made again.</summary>
    private async Task<bool> RemoveBgpOfAsync(string node, CancellationToken stop)
    {
        bool good = true;
        foreach (StoredResource peer in (await store.ListAsync(ResourceKinds.Of(ResourceKind.BGPPeer), null, stop)).Resources)
        {
            if (peer.Document?.Spec?["node"]?.ToString() == node)
                good &= await new ResourceRemover(store, around, ignoreMissing: true).RemoveAsync(new ResourceArgument(ResourceKinds.Of(ResourceKind.BGPPeer), null, peer.Key.Name), null, stop);
        }
        ResourceKey own = new(ResourceKind.BGPConfiguration, null, $"node.{node}");
        if (await store.GetAsync(own, stop) is not null)
            good &= await new ResourceRemover(store, around, ignoreMissing: true).RemoveAsync(new ResourceArgument(ResourceKinds.Of(ResourceKind.BGPConfiguration), null, own.Name), null, stop);
        return good;
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
