using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>The policies and profiles in force on this node, the sets they hold on to, and what the dataplane was last told of each.</summary>
internal sealed class ActivePolicies(IpSetTable sets)
{
    private readonly Dictionary<ResourceKey, Draft> drafts = [];
    private readonly Dictionary<ResourceKey, CompiledPolicy> told = [];

    public int Count => told.Count;

    public int ProfileCount { get; private set; }

    /// <summary>What the dataplane was told of a policy; null when it has none of it.</summary>
    public CompiledPolicy? Told(ResourceKey key) => told.GetValueOrDefault(key);

    public bool Contains(ResourceKey key) => drafts.ContainsKey(key);

    /// <summary>Puts compiled rules in force. New sets are taken before old ones are let go, so that a set both use stays.</summary>
    public void Set(CompiledPolicy policy)
    {
        HashSet<IpSetSpec> wanted = PolicyCompiler.Sets(policy);
        HashSet<IpSetSpec> held = drafts.TryGetValue(policy.Key, out Draft? old) ? old.Sets : [];
        foreach (IpSetSpec set in wanted) sets.Acquire(set, policy.Key);
        foreach (IpSetSpec set in held)
            if (!wanted.Contains(set)) sets.Release(set, policy.Key);
        drafts[policy.Key] = new Draft(policy, wanted);
    }

    /// <summary>Takes a policy out of force; nothing happens when it is not.</summary>
    public void Remove(ResourceKey key)
    {
        if (!drafts.Remove(key, out Draft? old)) return;
        foreach (IpSetSpec set in old.Sets) sets.Release(set, key);
    }

    /// <summary>Tells what the dataplane must hold for the key, when it is not what it was told before.</summary>
    public void TakeChange(ResourceKey key, DesiredChanges changes)
    {
        if (!drafts.TryGetValue(key, out Draft? draft))
        {
            if (!told.Remove(key)) return;
            if (key.Kind == ResourceKind.Profile) ProfileCount--;
            changes.Policies[key] = null;
            return;
        }
        CompiledPolicy shaped = PolicyShaping.Shape(draft.Policy, sets);
        drafts[key] = draft with { Policy = shaped };
        if (told.TryGetValue(key, out CompiledPolicy? before) && before == shaped) return;
        if (before is null && key.Kind == ResourceKind.Profile) ProfileCount++;
        told[key] = shaped;
        changes.Policies[key] = shaped;
    }

    private sealed record Draft(CompiledPolicy Policy, HashSet<IpSetSpec> Sets);
}
