using System.Text;
using Canal.Core;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// The script that turns what iptables or ip6tables holds into what is wanted: chains that differ are written whole, those that stay are not in it, nothing of
/// others is. A table changes at one moment. Pure.
/// </summary>
internal sealed class IptablesPlan(IptablesPicture picture, IptablesImage image, bool insert)
{
    private readonly StringBuilder script = new();

    // By line, from 0 on: what it is about, for refusals.
    private readonly List<PlannedLine> lines = [];
    private string table = "";

    /// <summary>Nothing differs.</summary>
    public bool IsEmpty => lines.Count == 0;

    /// <summary>Lines of the script.</summary>
    public int Lines => lines.Count;

    /// <summary>The script.</summary>
    public string Script => script.ToString();

    /// <summary>What a line, counted from 1 on, is about; null when there is no such line.</summary>
    public PlannedLine? LineAt(int line) => line >= 1 && line <= lines.Count ? lines[line - 1] : null;

    /// <summary>The rules that the script writes into a table.</summary>
    public IEnumerable<PlannedLine> RulesOf(string name) => lines.Where(line => line.Table == name && line.Rule is not null);

    /// <summary>
    /// The chains of the nftables table that a chain of iptables is from: its own; of the steps of a rule, those whose rules go there.
    /// </summary>
    public IEnumerable<string> SourcesOf(string name, IptablesChain chain) => chain.Source.Length > 0
        ? [chain.Source]
        : Wanted(name).Values.Where(c => c.Source.Length > 0 && c.Rules.Any(r => r.Calls == chain.Name)).Select(c => c.Source);

    /// <summary>Writes the script.</summary>
    public void Write()
    {
        foreach (string table in Hook.Tables) WriteTable(table);
    }

    /// <summary>What the kernel holds once the script is carried out.</summary>
    public void Note()
    {
        foreach (string table in Hook.Tables)
        {
            Dictionary<string, IptablesChain> wanted = Wanted(table);
            Dictionary<string, EquatableArray<string>> held = image.Table(table);
            foreach (IptablesChain chain in wanted.Values) held[chain.Name] = chain.Identities;
            foreach (string stale in Stale(table, wanted))
            {
                if (image.CalledByOthers.Contains((table, stale))) held[stale] = default;
                else held.Remove(stale);
            }
        }
        foreach (Hook hook in image.Hooks.Keys.Union(picture.Hooks).ToArray()) NoteHook(hook);
    }

    private void NoteHook(Hook hook)
    {
        if (!image.Hooks.TryGetValue(hook, out HeldHook? held)) image.Hooks.Add(hook, held = new HeldHook());
        bool wanted = picture.Hooks.Contains(hook);
        if (wanted ? held.IsRight(hook.Call, insert) : held.Calls.Count == 0) return;
        held.Count += (wanted ? 1 : 0) - held.Calls.Count;
        held.Calls.Clear();
        if (wanted) held.Calls.Add((insert ? 0 : held.Count - 1, hook.Call.Identity, hook.Call.ToString()));
    }

    private void WriteTable(string name)
    {
        table = name;
        Dictionary<string, IptablesChain> wanted = Wanted(table);
        Dictionary<string, EquatableArray<string>> held = image.Table(table);
        IptablesChain[] changed = [.. wanted.Values.Where(c => !held.TryGetValue(c.Name, out EquatableArray<string> rules) || rules != c.Identities)];
        string[] stale = [.. Stale(table, wanted)];
        Hook[] hooks = [.. image.Hooks.Keys.Union(picture.Hooks).Where(h => h.Table == table && !IsRight(h))];
        if (changed.Length + stale.Length + hooks.Length == 0) return;
        Line($"*{table}");
        foreach (IptablesChain chain in changed) Line($":{chain.Name} - [0:0]", chain);
        foreach (string gone in stale) Line($":{gone} - [0:0]");
        foreach (IptablesChain chain in changed)
            foreach (IptablesRule rule in chain.Rules) Line($"-A {chain.Name}{rule}", chain, rule);
        foreach (Hook hook in hooks) WriteHook(hook);
        foreach (string gone in stale)
            if (!image.CalledByOthers.Contains((table, gone))) Line($"-X {gone}");
        Line("COMMIT");
    }

    /// <summary>All of it happens at one moment.</summary>
    private void WriteHook(Hook hook)
    {
        foreach ((int _, string _, string rule) in image.Hooks.TryGetValue(hook, out HeldHook? held) ? held.Calls : []) Line($"-D {hook.BuiltIn}{rule}");
        if (!picture.Hooks.Contains(hook)) return;
        Line(insert ? $"-I {hook.BuiltIn} 1{hook.Call}" : $"-A {hook.BuiltIn}{hook.Call}");
    }

    private bool IsRight(Hook hook)
    {
        HeldHook? held = image.Hooks.GetValueOrDefault(hook);
        return picture.Hooks.Contains(hook) ? held?.IsRight(hook.Call, insert) == true : held is null || held.Calls.Count == 0;
    }

    private Dictionary<string, IptablesChain> Wanted(string table) => picture.Tables.GetValueOrDefault(table) ?? [];

    /// <summary>Those that others call are emptied once.</summary>
    private string[] Stale(string table, Dictionary<string, IptablesChain> wanted) =>
        image.Table(table).Where(held => !wanted.ContainsKey(held.Key) && !(held.Value.IsEmpty && image.CalledByOthers.Contains((table, held.Key)))).Select(held => held.Key).ToArray();

    private void Line(string text, IptablesChain? chain = null, IptablesRule? rule = null)
    {
        script.Append(text).Append('\n');
        lines.Add(new PlannedLine(table, chain, rule));
    }
}

/// <summary>What a line of a script is about.</summary>
/// <param name="Table">The table it is in.</param>
/// <param name="Chain">The chain of ours that it writes; null when it is about none.</param>
/// <param name="Rule">The rule that it writes.</param>
internal sealed record PlannedLine(string Table, IptablesChain? Chain, IptablesRule? Rule);
