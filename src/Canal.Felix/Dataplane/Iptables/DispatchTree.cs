using Canal.Core;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// What a verdict map from interfaces is in iptables: chains of rules, one for each name; where there are many names, a chain for each next character, so that a
/// packet meets a few dozen rules at most however many there are. Pure.
/// </summary>
/// <param name="name">The map's name, which the chains are named after.</param>
/// <param name="option"><c>-i</c> or <c>-o</c>.</param>
/// <param name="otherwise">Where packets of all other interfaces go; and those that come back, where the map calls.</param>
/// <param name="accepted">The rule that returns when what was called has accepted.</param>
internal sealed class DispatchTree(string name, string option, string otherwise, IptablesRule accepted)
{
    /// <summary>Names in one chain.</summary>
    private const int MostNames = 8;

    private readonly List<IptablesChain> chains = [];

    /// <summary>The chains; the first is the root. The targets are as rules have them: <c> -g canal-from/caliw0</c>.</summary>
    public List<IptablesChain> Build(IEnumerable<(string Interface, string Target)> entries)
    {
        Add(name, [.. entries.OrderBy(e => e.Interface, StringComparer.Ordinal)], 0);
        chains.Reverse();
        return chains;
    }

    private string Add(string chain, (string Interface, string Target)[] entries, int length)
    {
        List<IptablesRule> rules = [];
        if (entries.Length <= MostNames)
        {
            foreach ((string each, string target) in entries) rules.Add(Exactly(each, target));
        }
        else
        {
            while (entries.All(e => e.Interface.Length > length && e.Interface[length] == entries[0].Interface[length])) length++;
            foreach (IGrouping<string, (string Interface, string Target)> bin in entries.GroupBy(e => e.Interface[..Math.Min(e.Interface.Length, length + 1)]))
            {
                (string Interface, string Target)[] members = [.. bin];
                // A name that ends here is alone in its bin, or its bin is what it begins.
                if (members.Length == 1) rules.Add(Exactly(members[0].Interface, members[0].Target));
                else rules.Add(new IptablesRule($" {option} {IptablesMatches.InterfaceMatch(bin.Key, isPrefix: true)}", $" -g {Add($"{name}/{bin.Key}", members, length + 1)}"));
            }
        }
        if (entries.Any(e => e.Target.StartsWith(" -j ", StringComparison.Ordinal))) rules.Add(accepted);
        rules.Add(new IptablesRule("", $" -g {otherwise}"));
        string named = IptablesNames.Chain(chain);
        chains.Add(new IptablesChain(named, "", rules.ToEquatableArray()));
        return named;
    }

    private IptablesRule Exactly(string each, string target) => new($" {option} {IptablesMatches.InterfaceMatch(each, isPrefix: false)}", target);
}
