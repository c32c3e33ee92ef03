using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>What the kernel refuses is found and denied, so that everything else can be programmed.</summary>
internal sealed partial class DesiredTable
{
    /// <summary>Of one refused transaction; the next one tells of more.</summary>
    private const int MostFaults = 200;

    /// <summary>
    /// Closes whatever the kernel refused: the policies that the faults are about; when they are about none, the endpoints. Returns whether there was any that
    /// was not closed yet. Nothing is closed when the first fault is about what is nobody's: all others may follow from it. Rules that may be missing are left out.
    /// </summary>
    /// <param name="faults">What was refused.</param>
    /// <param name="reason">In the kernel's words.</param>
    /// <param name="family">The family that this is about, where each has rules of its own.</param>
    public bool Close(IReadOnlyList<NftFault> faults, string reason, IpFamily? family = null)
    {
        if (!Concerns(faults[0])) return false;
        ILookup<bool, NftFault> different = faults.DistinctBy(f => (f.Chain, f.Set, MayMiss(f) ? f.Rule : null)).Take(MostFaults).ToLookup(MayMiss);
        HashSet<ResourceKey> refused = [.. different[false].SelectMany(PoliciesOf)];
        string[] refusedEndpoints = refused.Count > 0 ? [] : [.. different[false].Select(EndpointOf).OfType<string>().Distinct()];
        bool any = LeaveOut([.. different[true]], reason, family);
        foreach (ResourceKey key in refused) any |= closed.Close(key, reason);
        foreach (string name in refusedEndpoints) any |= closed.Close(name, reason);
        if (!any) return false;
        foreach (ResourceKey key in refused) RenderPolicy(key);
        foreach (string name in refusedEndpoints) RenderEndpoint(name);
        return true;
    }

    /// <summary>A fault is about a chain or set of a policy or endpoint.</summary>
    public bool Concerns(NftFault fault) => MayMiss(fault) || PoliciesOf(fault).Count > 0 || EndpointOf(fault) is not null;

    private bool MayMiss(NftFault fault) => LeftOutRules.May(fault) && (networkChains.Contains(fault.Chain!) || EndpointOf(fault) is not null);

    private bool LeaveOut(NftFault[] faults, string reason, IpFamily? family)
    {
        bool any = false;
        // Where there can be no chain there are no rules either.
        HashSet<string?> whole = [.. faults.Where(f => f.Rule is null).Select(f => f.Chain)];
        foreach (NftFault fault in faults)
            if (fault.Rule is null || !whole.Contains(fault.Chain)) any |= leftOut.Add(fault, reason, family);
        if (!any || family is not null) return any;
        RenderNetwork();
        foreach (string name in faults.Select(EndpointOf).OfType<string>().Distinct()) RenderEndpoint(name);
        return true;
    }

    private void Reopen(ResourceKey key)
    {
        closed.Open(key);
        RenderPolicy(key);
    }

    private bool UsesAny(ResourceKey key, List<IpSetChange> sets)
    {
        if (sets.Count == 0 || !policies.TryGetValue(key, out CompiledPolicy? policy)) return false;
        HashSet<IpSetSpec> used = [.. PolicyRenderer.PartsOf(policy).Select(part => part.Set)];
        return sets.Exists(change => used.Contains(change.Set));
    }

    /// <summary>The policies that put a chain or a set into the table.</summary>
    private List<ResourceKey> PoliciesOf(NftFault fault) =>
    [
        .. rendered.Where(r => r.Value.Chains.Exists(c => c.Name == fault.Chain) || (fault.Set is { } set && Uses(r.Value, set))).Select(r => r.Key),
    ];

    private static bool Uses(RenderedPolicy policy, string set) =>
        policy.Nets.ContainsKey(set) || policy.Ports.ContainsKey(set) || policy.Parts.Any(p => KernelNames.Set(p) == set);

    private string? EndpointOf(NftFault fault) =>
        fault.Chain is null ? null : endpointChains.Where(e => e.Value.Contains(fault.Chain)).Select(e => e.Key).FirstOrDefault();
}
