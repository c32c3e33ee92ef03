using Canal.Core;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// The chains that iptables' own call: each has the base chains of its hook called one after the other, as the kernel does with nftables', and says at the end
/// what becomes of packets that all of them let through. Pure.
/// </summary>
internal sealed class HookChains(DesiredTable desired, FelixParameters parameters)
{
    private readonly MarkBits marks = parameters.Marks;

    /// <summary>The chain of a hook; the base chains in their order.</summary>
    public IptablesChain Render(Hook hook, IEnumerable<RenderedChain> stages)
    {
        List<IptablesRule> rules = [];
        IptablesRule clear = new("", RuleTranslator.ClearDecided(marks));
        if (hook.Table != Hook.Nat) rules.Add(clear);
        foreach (RenderedChain stage in stages)
        {
            rules.Add(new IptablesRule("", $" -j {IptablesNames.Chain(stage.Name)}"));
            if (hook.Table == Hook.Nat) continue;
            if (parameters.Iptables.Accepts && stage.Name == "input-host") rules.AddRange(AllowedByHostEndpoint("-i"));
            if (parameters.Iptables.Accepts && stage.Name == "output-host") rules.AddRange(AllowedByHostEndpoint("-o"));
            if (parameters.Iptables.MangleAccepts && stage.Name == "pre-dnat") rules.Add(new IptablesRule(RuleTranslator.IsDecided(marks), $" -g {IptablesNames.Allow}", "policy before DNAT allowed it"));
            rules.Add(clear);
        }
        if (hook == new Hook(Hook.Filter, "FORWARD") && parameters.Iptables.Accepts) rules.AddRange(OfWorkloads("-i").Concat(OfWorkloads("-o")));
        if (hook == new Hook(Hook.Filter, "INPUT") && parameters.EndpointToHost == EndpointToHostAction.Accept) rules.AddRange(OfWorkloads("-i"));
        return new IptablesChain(hook.Own, "", rules.ToEquatableArray());
    }

    /// <summary>What rules of any chain of a table go to.</summary>
    public IEnumerable<IptablesChain> Common(string table)
    {
        yield return new IptablesChain(IptablesNames.Accept, "", [new IptablesRule("", RuleTranslator.SetDecided(marks))]);
        if (table is Hook.Filter or Hook.Mangle) yield return new IptablesChain(IptablesNames.Allow, "", [new IptablesRule("", RuleTranslator.ClearDecided(marks)), new IptablesRule("", " -j ACCEPT")]);
    }

    /// <summary>Whoever is a workload's packet and came as far as this was allowed at both ends: what policy does not allow was denied.</summary>
    private IEnumerable<IptablesRule> OfWorkloads(string option) => parameters.InterfacePrefixes.Select(prefix => new IptablesRule($" {option} {IptablesMatches.InterfaceMatch(prefix, isPrefix: true)}", " -j ACCEPT", "policy allowed it"));

    /// <summary>Only where a host endpoint governs: elsewhere the host's other rules have their say. Between workloads and their host there is another setting for that.</summary>
    private IEnumerable<IptablesRule> AllowedByHostEndpoint(string option)
    {
        string comment = "a host endpoint's policy allowed it", decided = RuleTranslator.IsDecided(marks);
        foreach (string name in desired.Governed.Where(n => !n.EndsWith('+')).Order(StringComparer.Ordinal))
            yield return new IptablesRule($" {option} {IptablesMatches.InterfaceMatch(name, isPrefix: false)}{decided}", $" -g {IptablesNames.Allow}", comment);
        if (!desired.GovernsAll) yield break;
        foreach (string prefix in parameters.InterfacePrefixes.ToImmutable())
            yield return new IptablesRule($" {option} {IptablesMatches.InterfaceMatch(prefix, isPrefix: true)}", RuleTranslator.ClearDecided(marks));
        yield return new IptablesRule(decided, $" -g {IptablesNames.Allow}", comment);
    }
}
