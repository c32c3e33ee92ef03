using Canal.Core.Addressing;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// What iptables or ip6tables must hold: the desired table of nftables in their words. A chain is in each table in which something calls it. Pure; it
/// remembers translations of chains that stay.
/// </summary>
internal sealed class IptablesPicture(DesiredTable desired, IpFamily family)
{
    private readonly Dictionary<string, TranslatedChain> translated = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> wrong = new(StringComparer.Ordinal);
    private MarkBits marks;
    private int leftOut;

    /// <summary>Our chains by table and name.</summary>
    public Dictionary<string, Dictionary<string, IptablesChain>> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>The built-in chains that must call ours.</summary>
    public HashSet<Hook> Hooks { get; } = [];

    /// <summary>Chains that cannot be said in iptables and deny instead, or lack a rule; with the reason.</summary>
    public IReadOnlyDictionary<string, string> Wrong => wrong;

    /// <summary>Makes the picture anew.</summary>
    public void Draw(FelixParameters parameters)
    {
        if (marks != parameters.Marks || leftOut != desired.LeftOut.Version) translated.Clear();
        (marks, leftOut) = (parameters.Marks, desired.LeftOut.Version);
        Hooks.Clear();
        Tables.Clear();
        wrong.Clear();
        HookChains hooks = new(desired, parameters);
        foreach (IGrouping<Hook, RenderedChain> hook in desired.Chains.Values.Where(c => c.Base is not null && HasRules(c)).GroupBy(c => Hook.Of(c.Base!)))
        {
            RenderedChain[] stages = [.. hook.OrderBy(c => c.Base!.Priority).ThenBy(c => c.Name, StringComparer.Ordinal)];
            Dictionary<string, IptablesChain> table = TableOf(hook.Key.Table, hooks);
            Hooks.Add(hook.Key);
            Put(table, hooks.Render(hook.Key, stages));
            Reach(table, stages.Select(s => s.Name));
        }
        foreach (string gone in translated.Keys.Where(name => !desired.Chains.ContainsKey(name)).ToArray()) translated.Remove(gone);
    }

    private Dictionary<string, IptablesChain> TableOf(string name, HookChains hooks)
    {
        if (Tables.TryGetValue(name, out Dictionary<string, IptablesChain>? table)) return table;
        Tables.Add(name, table = new(StringComparer.Ordinal));
        foreach (IptablesChain common in hooks.Common(name)) Put(table, common);
        return table;
    }

    /// <summary>A hook without any would have every packet counted for nothing, and the kernel may lack the table: that of IPv6's translation, which only IPv4 needs.</summary>
    private bool HasRules(RenderedChain chain) => Translate(chain) is { } said && (said.Wrong is not null || !said.Chains[0].Rules.IsEmpty);

    /// <summary>Puts these chains, and all that they lead to, into a table.</summary>
    private void Reach(Dictionary<string, IptablesChain> table, IEnumerable<string> names)
    {
        Stack<string> open = new(names);
        HashSet<string> maps = new(StringComparer.Ordinal);
        while (open.TryPop(out string? name))
        {
            if (!desired.Chains.TryGetValue(name, out RenderedChain? chain)) continue;
            TranslatedChain said = Translate(chain);
            if (said.Wrong is not null) wrong[$"chain {name}"] = said.Wrong;
            // Several hooks of a table may lead to one chain; what it leads to is there then.
            if (table.ContainsKey(said.Chains[0].Name)) continue;
            foreach (IptablesChain each in said.Chains) Put(table, each);
            foreach (string call in said.Calls) open.Push(call);
            foreach (Dispatch dispatch in said.Dispatches)
                foreach (string chainOf in PutDispatch(table, dispatch)) open.Push(chainOf);
        }
    }

    private TranslatedChain Translate(RenderedChain chain)
    {
        if (translated.TryGetValue(chain.Name, out TranslatedChain? known) && ReferenceEquals(known.Source, chain)) return known;
        // Who jumps to a chain of which nothing is left comes back from an empty one.
        RenderedChain rest = desired.LeftOut.Rest(chain, family) ?? chain with { Rules = default };
        return translated[chain.Name] = ChainTranslator.Translate(rest, family, marks) with { Source = chain };
    }

    /// <summary>Returns the chains that the map leads to.</summary>
    private List<string> PutDispatch(Dictionary<string, IptablesChain> table, Dispatch dispatch)
    {
        List<string> targets = [];
        List<(string, string)> entries = [];
        foreach (string name in desired.InterfacesOf(dispatch.Map))
        {
            if (desired.Dispatch(desired.MapNamed(dispatch.Map)!, name) is not { Chain: string target } verdict) continue;
            if (name.EndsWith('+')) wrong[$"interface {name}"] = "iptables takes the name for a prefix of others' names";
            else entries.Add((name, $" {(verdict.Code == NftVerdictCode.Goto ? "-g" : "-j")} {IptablesNames.Chain(target)}"));
            targets.Add(target);
        }
        DispatchTree tree = new(dispatch.Map + "/by", dispatch.Option, dispatch.Rest, RuleTranslator.Accepted(marks));
        foreach (IptablesChain chain in tree.Build(entries)) Put(table, chain);
        return targets;
    }

    private static void Put(Dictionary<string, IptablesChain> table, IptablesChain chain) => table[chain.Name] = chain;
}
