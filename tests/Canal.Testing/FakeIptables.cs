using Canal.Core.Addressing;
using Canal.Linux.Iptables;

namespace Canal.Testing;

/// <summary>
/// iptables, ip6tables and ipset in memory, as far as scripts of canal-felix go: a table changes whole or not at all, a declared chain is emptied, a chain in use
/// cannot be deleted, nor can a set that a rule looks up; sets change line by line. Rules are printed as they were written.
/// </summary>
public sealed class FakeIptables : IIptables
{
    private static readonly string[] BuiltIn = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

    private readonly Dictionary<(IpFamily Family, string Table), Dictionary<string, List<string>>> tables = [];
    private readonly SortedDictionary<string, FakeSet> sets = new(StringComparer.Ordinal);

    /// <summary>Scripts carried out.</summary>
    public int Scripts { get; private set; }

    /// <summary>Times that all sets were read.</summary>
    public int Readings { get; private set; }

    /// <summary>What others do just after the sets were read.</summary>
    public Action? WhenRead { get; set; }

    /// <summary>Asked before each script; throws what shall go wrong. True: the script is carried out, and then it goes wrong.</summary>
    public Func<int, bool>? Fault { get; set; }

    /// <summary>Asked for each rule of a script with its table and its text; true: the kernel refuses it.</summary>
    public Func<string, string, bool>? RefusesRule { get; set; }

    /// <summary>As the legacy flavour: whatever is wrong with a table, the line COMMIT is named. Else the lines of the rules are.</summary>
    public bool NamesCommit { get; init; }

    public string Save(IpFamily family, bool counters = false)
    {
        List<string> lines = [];
        foreach (((IpFamily _, string name), Dictionary<string, List<string>> chains) in tables.Where(t => t.Key.Family == family))
        {
            lines.Add($"*{name}");
            lines.AddRange(chains.Keys.Select(chain => $":{chain} {(BuiltIn.Contains(chain) ? "ACCEPT" : "-")} [0:0]"));
            lines.AddRange(chains.SelectMany(chain => chain.Value.Select(rule => $"{(counters ? "[0:0] " : "")}-A {chain.Key}{rule}")));
            lines.Add("COMMIT");
        }
        return string.Join('\n', lines) + "\n";
    }

    public string SaveSets()
    {
        Readings++;
        string read = Sets();
        WhenRead?.Invoke();
        return read;
    }

    private string Sets() => string.Concat(sets.Select(set => $"create {set.Key} {set.Value.Type}\n{string.Concat(set.Value.Members.Select(member => $"add {set.Key} {member}\n"))}"));

    public int Glance(IReadOnlyList<IpFamily> families, string prefix)
    {
        HashCode hash = default;
        foreach (((IpFamily family, string name), Dictionary<string, List<string>> chains) in tables.Where(t => families.Contains(t.Key.Family))) hash.Add((family, name, chains.Count, chains.Values.Sum(rules => rules.Count)));
        foreach ((string name, FakeSet set) in sets.Where(set => set.Key.StartsWith(prefix, StringComparison.Ordinal))) hash.Add((name, set.Members.Count));
        return hash.ToHashCode();
    }

    public void Restore(IpFamily family, string script) => Faulty(() =>
    {
        string table = "";
        Dictionary<string, List<string>> work = [];
        int number = 0;
        List<int> refused = [];
        foreach (string line in script.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            number++;
            if (line.StartsWith("-A ", StringComparison.Ordinal) && RefusesRule?.Invoke(table, line) == true) refused.Add(number);
            if (line == "COMMIT" && refused.Count > 0) throw new IptablesException("refused", NamesCommit ? [number] : refused);
            if (line[0] == '*') (table, work) = (line[1..], Copy(family, line[1..]));
            else if (line == "COMMIT") tables[(family, table)] = Checked(work, number);
            else if (line[0] == ':') work[line[1..].Split(' ')[0]] = [];
            else Change(work, line, number);
        }
    });

    public void RestoreSets(string script) => Faulty(() =>
    {
        int number = 0;
        foreach (string line in script.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 4);
            number++;
            if (words[0] == "create") sets.TryAdd(words[1], FakeSet.Of(string.Join(' ', words[2..])));
            else if (!sets.TryGetValue(words[1], out FakeSet? set)) throw Refused("The set with the given name does not exist", number);
            else if (words[0] == "add") Add(set, Expanded(words[2]), number);
            else if (words[0] == "del") set.Members.Remove(words[2]);
            else if (words[0] == "swap") (sets[words[1]], sets[words[2]]) = (sets[words[2]], set);
            else if (IsUsed(words[1])) throw Refused("Set cannot be destroyed: it is in use by a kernel component", number);
            else sets.Remove(words[1]);
        }
    });

    private static void Add(FakeSet set, IEnumerable<string> members, int number)
    {
        set.Members.UnionWith(members);
        if (set.Members.Count > set.Most) throw Refused("Hash is full, cannot add more elements", number);
    }

    private static IptablesException Refused(string why, int number) => new($"ipset: Error in line {number}: {why}", [number]);

    private void Faulty(Action script)
    {
        bool after = Fault?.Invoke(Scripts) == true;
        script();
        Scripts++;
        if (after) throw new IptablesException("did not end in time");
    }

    private Dictionary<string, List<string>> Copy(IpFamily family, string table) => tables.TryGetValue((family, table), out Dictionary<string, List<string>>? chains)
        ? chains.ToDictionary(c => c.Key, c => c.Value.ToList(), StringComparer.Ordinal)
        : BuiltIn.ToDictionary(c => c, _ => new List<string>(), StringComparer.Ordinal);

    private static void Change(Dictionary<string, List<string>> work, string line, int number)
    {
        string[] words = line.Split(' ', 3);
        if (!work.TryGetValue(words[1], out List<string>? rules)) throw new IptablesException($"no chain {words[1]}: line {number} failed", [number]);
        string rest = words.Length > 2 ? $" {words[2]}" : "";
        switch (words[0])
        {
            case "-A": rules.Add(rest); break;
            case "-I": rules.Insert(0, rest[" 1".Length..]); break;
            case "-D" when rules.Remove(rest): break;
            case "-F": rules.Clear(); break;
            case "-X" when rules.Count == 0: work.Remove(words[1]); break;
            default: throw new IptablesException($"line {number} failed", [number]);
        }
    }

    /// <summary>Every target must be there, and every set.</summary>
    private Dictionary<string, List<string>> Checked(Dictionary<string, List<string>> work, int number)
    {
        foreach (string rule in work.Values.SelectMany(rules => rules))
        {
            string[] words = rule.Split(' ');
            int target = Array.FindLastIndex(words, word => word is "-j" or "-g"), set = Array.IndexOf(words, "--match-set");
            if (target >= 0 && words[target + 1].Any(char.IsAsciiLetterLower) && !work.ContainsKey(words[target + 1])) throw new IptablesException($"no chain {words[target + 1]}: line {number} failed", [number]);
            if (set >= 0 && !sets.ContainsKey(words[set + 1])) throw new IptablesException($"Set {words[set + 1]} doesn't exist: line {number} failed", [number]);
        }
        return work;
    }

    private bool IsUsed(string set) => tables.Values.SelectMany(t => t.Values).SelectMany(rules => rules).Any(rule => rule.Contains($" --match-set {set} ", StringComparison.Ordinal));

    /// <summary>A range of ports is as many members.</summary>
    private static IEnumerable<string> Expanded(string member)
    {
        string[] ends = member.Split('-');
        if (ends.Length != 2 || !int.TryParse(ends[0], out int first) || !int.TryParse(ends[1], out int last)) return [member];
        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}");
    }

    /// <summary>A set: what it is, how many members it has room for, and those.</summary>
    private sealed record FakeSet(string Type, long Most, SortedSet<string> Members)
    {
        public static FakeSet Of(string type)
        {
            string[] words = type.Split(' ');
            int at = Array.IndexOf(words, "maxelem") + 1;
            return new FakeSet(type, at > 0 ? long.Parse(words[at], System.Globalization.CultureInfo.InvariantCulture) : long.MaxValue, new SortedSet<string>(StringComparer.Ordinal));
        }
    }
}
