using Canal.Core.Addressing;
using Canal.Linux.Iptables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// Finds the rules that the kernel refuses of a script. iptables-nft-restore names their lines. The legacy flavour hands a whole table to the kernel, and whatever
/// is wrong with it, its program names the line COMMIT: then rules are tried, half of them at a time, in a chain that nothing calls and that is gone again when the
/// program ends. So no packet meets what is tried, and the tables are as they were. Refusals that are about where a rule stands are not found so.
/// </summary>
internal sealed class RefusedRules(IIptables kernel, IpFamily family, IptablesPlan plan, TimeProvider time)
{
    /// <summary>Begins as our chains do: what a run that was killed leaves goes with the next writing of the table.</summary>
    private const string Trial = IptablesNames.Prefix + "trial";

    /// <summary>Where something was found by then, the rest is left for the next time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly long start = time.GetTimestamp();
    private readonly Dictionary<string, string> found = new(StringComparer.Ordinal);

    /// <summary>The kernel has no nfnetlink_log for iptables, and takes no rule that tells of what it denies.</summary>
    public bool LacksLog() => Refusal(Hook.Filter, [" -j NFLOG --nflog-group 1"]) is not null && Refusal(Hook.Filter, []) is null;

    /// <summary>What the refusal of the script is about, each with the reason; empty when it is about no rule.</summary>
    public List<(NftFault Fault, string Reason)> Find(IptablesException refusal)
    {
        PlannedLine[] named = [.. refusal.Lines.Select(plan.LineAt).OfType<PlannedLine>()];
        PlannedLine[] ofChains = [.. named.Where(line => line.Chain is not null)];
        if (ofChains.Length > 0) return [.. ofChains.SelectMany(line => FaultsOf(line, refusal.Message)).Distinct()];
        return named.Length == 0 ? [] : Tried(named[0].Table);
    }

    private List<(NftFault, string)> Tried(string table)
    {
        PlannedLine[] rules = [.. plan.RulesOf(table)];
        // A kernel without the table: without that of translation there is none.
        if (Refusal(table, []) is string refusal) return table != Hook.Filter && Refusal(Hook.Filter, []) is null ? [.. rules.SelectMany(line => FaultsOf(line with { Rule = null }, refusal)).Distinct()] : [];
        Search(table, [.. rules.Select(line => TextOf(line.Rule!)).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal)]);
        // A kernel that takes nothing, for want of memory or permission, does not refuse these.
        if (found.Count == 0 || Refusal(table, []) is not null) return [];
        return [.. rules.Where(line => found.ContainsKey(TextOf(line.Rule!))).SelectMany(line => FaultsOf(line, $"the kernel refuses{TextOf(line.Rule!)} ({found[TextOf(line.Rule!)]})")).Distinct()];
    }

    private IEnumerable<(NftFault, string)> FaultsOf(PlannedLine line, string reason) =>
        plan.SourcesOf(line.Table, line.Chain!).Select(chain => (new NftFault(0, chain, null, line.Rule?.Comment), reason));

    private void Search(string table, ReadOnlySpan<string> rules)
    {
        if (rules.IsEmpty || (found.Count > 0 && time.GetElapsedTime(start) > Longest) || Refusal(table, rules) is not string refusal) return;
        if (rules.Length == 1)
        {
            found[rules[0]] = refusal;
            return;
        }
        Search(table, rules[..(rules.Length / 2)]);
        Search(table, rules[(rules.Length / 2)..]);
    }

    /// <summary>Why the kernel does not take these; null when it does.</summary>
    private string? Refusal(string table, ReadOnlySpan<string> rules)
    {
        string[] lines = [$"*{table}", $":{Trial} - [0:0]", .. rules.ToArray().Select(rule => $"-A {Trial}{rule}"), "COMMIT", $"*{table}", $":{Trial} - [0:0]", $"-X {Trial}", "COMMIT"];
        try
        {
            kernel.Restore(family, string.Join('\n', lines) + "\n");
            return null;
        }
        catch (IptablesException refusal) when (refusal.Line is not null)
        {
            return refusal.Message;
        }
    }

    /// <summary>What the kernel looks at: not who the rule is for, and not which chain it calls.</summary>
    private static string TextOf(IptablesRule rule) => rule.Calls.Length > 0 ? rule.Matches : rule.Matches + rule.Target;
}
