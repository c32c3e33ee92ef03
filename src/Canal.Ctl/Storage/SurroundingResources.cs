using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What a new resource needs of others: a policy its tier, an address pool room of its own.</summary>
internal sealed class SurroundingResources(ResourceStore store, IReadOnlyList<WantedResource> wanted)
{
    private readonly Dictionary<string, bool> tiers = new(StringComparer.Ordinal);
    private List<(string Name, Cidr Cidr)>? pools;

    /// <summary>Adds what is missing or in the way for a resource that is to be created.</summary>
    public async Task CheckAsync(WantedResource created, List<Problem> problems, CancellationToken stop)
    {
        if (created.Kind.Kind.IsTiered())
            await CheckTierAsync(created, problems, stop);
        if (created.Kind.Kind == ResourceKind.IPPool)
            await CheckPoolAsync(created, problems, stop);
    }

    private async Task CheckTierAsync(WantedResource policy, List<Problem> problems, CancellationToken stop)
    {
        string tier = policy.Document.Spec?["tier"]?.ToString() is { Length: > 0 } named ? named : PolicySpec.DefaultTier;
        if (!tiers.TryGetValue(tier, out bool exists))
        {
            exists = wanted.Any(resource => resource.Kind.Kind == ResourceKind.Tier && resource.Name == tier)
                || await store.GetAsync(new ResourceKey(ResourceKind.Tier, null, tier), stop) is not null;
            tiers[tier] = exists;
        }
        if (!exists)
            problems.Add(new Problem("spec.tier", $"there is no tier {Problem.Quote(tier)}{(tier == PolicySpec.DefaultTier ? ": canalctl init creates it" : "")}"));
    }

    private async Task CheckPoolAsync(WantedResource pool, List<Problem> problems, CancellationToken stop)
    {
        if (CidrOf(pool.Document) is not { } cidr)
            return;
        pools ??= await PoolsAsync(stop);
        foreach ((string name, Cidr other) in pools)
        {
            if (name != pool.Name && (other.Contains(cidr) || cidr.Contains(other)))
                problems.Add(new Problem("spec.cidr", $"{cidr} overlaps {other} of IPPool {name}"));
        }
    }

    private async Task<List<(string, Cidr)>> PoolsAsync(CancellationToken stop)
    {
        ResourceList stored = await store.ListAsync(ResourceKinds.Of(ResourceKind.IPPool), null, stop);
        IEnumerable<ResourceDocument> all = wanted.Where(resource => resource.Kind.Kind == ResourceKind.IPPool).Select(resource => resource.Document)
            .Concat(stored.Resources.Where(pool => pool.Document is not null).Select(pool => pool.Document!));
        return [.. all.DistinctBy(pool => pool.Name).Where(pool => CidrOf(pool) is not null).Select(pool => (pool.Name, CidrOf(pool)!.Value))];
    }

    private static Cidr? CidrOf(ResourceDocument pool) => Cidr.TryParse(pool.Spec?["cidr"]?.ToString() ?? "", out Cidr cidr) ? cidr : null;
}
