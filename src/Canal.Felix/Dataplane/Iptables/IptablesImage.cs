using Canal.Core;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>What the kernel is known to hold of ours in iptables or ip6tables: read at the start and after any doubt, kept in step with what is written.</summary>
internal sealed class IptablesImage
{
    /// <summary>Our chains by table and name, with their rules' identities; "" for a rule that is not ours.</summary>
    public Dictionary<string, Dictionary<string, EquatableArray<string>>> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>What built-in chains hold of ours.</summary>
    public Dictionary<Hook, HeldHook> Hooks { get; } = [];

    /// <summary>Chains of ours that others' rules call, by table and name: they cannot be deleted.</summary>
    public HashSet<(string Table, string Chain)> CalledByOthers { get; } = [];

    /// <summary>There is anything of ours.</summary>
    public bool IsOurs => Tables.Values.Any(t => t.Count > 0) || Hooks.Values.Any(h => h.Calls.Count > 0);

    /// <summary>The chains of a table.</summary>
    public Dictionary<string, EquatableArray<string>> Table(string name) => Tables.TryGetValue(name, out Dictionary<string, EquatableArray<string>>? chains) ? chains : Tables[name] = new(StringComparer.Ordinal);

    /// <summary>Reads what a save program printed; everything of others is passed over.</summary>
    public static IptablesImage Read(string saved)
    {
        IptablesImage image = new();
        Dictionary<string, List<string>> rules = new(StringComparer.Ordinal);
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        string table = "";
        foreach (ReadOnlySpan<char> each in saved.AsSpan().EnumerateLines())
        {
            if (each.StartsWith("*"))
            {
                (table, _) = (each[1..].Trim().ToString(), image.Keep(table, rules));
                places.Clear();
            }
            else if (each.StartsWith($":{IptablesNames.Prefix}")) rules[Word(each[1..])] = [];
            else if (each.StartsWith("-A ")) image.Take(table, each.ToString(), rules, places);
        }
        image.Keep(table, rules);
        return image;
    }

    private void Take(string table, string line, Dictionary<string, List<string>> rules, Dictionary<string, int> places)
    {
        string chain = Word(line.AsSpan(3));
        string? identity = IptablesRule.IdentityIn(line);
        if (rules.TryGetValue(chain, out List<string>? held))
        {
            held.Add(identity ?? "");
            return;
        }
        int place = places.GetValueOrDefault(chain);
        places[chain] = place + 1;
        Hook hook = new(table, chain);
        string? called = Called(line);
        if (identity is null && called is not null) CalledByOthers.Add((table, called));
        if (identity is null || called is null) Note(hook, place, null, identity);
        else Note(hook, place, line[$"-A {chain}".Length..], identity);
    }

    private void Note(Hook hook, int place, string? rule, string? identity)
    {
        if (!Hooks.TryGetValue(hook, out HeldHook? held)) Hooks.Add(hook, held = new HeldHook());
        held.Count = place + 1;
        if (rule is not null) held.Calls.Add((place, identity!, rule));
    }

    private bool Keep(string table, Dictionary<string, List<string>> rules)
    {
        foreach ((string chain, List<string> held) in rules) Table(table)[chain] = held.ToEquatableArray();
        rules.Clear();
        return true;
    }

    /// <summary>Our chain that a rule jumps or goes to.</summary>
    private static string? Called(string line)
    {
        int at = Math.Max(line.LastIndexOf($" -j {IptablesNames.Prefix}", StringComparison.Ordinal), line.LastIndexOf($" -g {IptablesNames.Prefix}", StringComparison.Ordinal));
        return at < 0 ? null : Word(line.AsSpan(at + 4));
    }

    private static string Word(ReadOnlySpan<char> text) => text.IndexOf(' ') is >= 0 and int end ? text[..end].ToString() : text.ToString();
}

/// <summary>The rules of a built-in chain that call ours.</summary>
internal sealed class HeldHook
{
    /// <summary>Rules of the chain, everybody's.</summary>
    public int Count { get; set; }

    /// <summary>Place from 0 on, identity, and the rule as it is printed, without command and chain.</summary>
    public List<(int Place, string Identity, string Rule)> Calls { get; } = [];

    /// <summary>Our rule stands where it should, once.</summary>
    public bool IsRight(IptablesRule wanted, bool first) => Calls is [(int place, string identity, _)] && identity == wanted.Identity && (first ? place == 0 : place == Count - 1);
}
