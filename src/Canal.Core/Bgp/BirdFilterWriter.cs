using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>Writes BGPFilters as functions of BIRD: the first rule that matches decides; a route that none matches goes on.</summary>
internal static class BirdFilterWriter
{
    /// <summary>What <c>local_pref</c> and the kernel's metric add up to.</summary>
    public const int PriorityBase = int.MaxValue;

    public static void Write(BirdText text, NamedFilter filter, IpFamily family)
    {
        bool v4 = family == IpFamily.V4;
        Write(text, BirdText.Symbol("import", family, filter.Name), v4 ? filter.ImportV4 : filter.ImportV6, family, isImport: true);
        Write(text, BirdText.Symbol("export", family, filter.Name), v4 ? filter.ExportV4 : filter.ExportV6, family, isImport: false);
    }

    private static void Write(BirdText text, string symbol, EquatableArray<BgpFilterRule> rules, IpFamily family, bool isImport)
    {
        if (rules.IsEmpty) return;
        text.Open($"function {symbol}(bool same_as)");
        foreach (BgpFilterRule rule in rules) Write(text, rule, family, isImport);
        text.Close().Line("");
    }

    private static void Write(BirdText text, BgpFilterRule rule, IpFamily family, bool isImport)
    {
        List<string> conditions = Conditions(rule, family, isImport);
        string then = conditions.Count == 0 ? "" : $"if {string.Join(" && ", conditions)} then ";
        if (rule.Operations.IsEmpty)
        {
            text.Line($"{then}{(rule.Accept ? "accept" : "reject")};");
            return;
        }
        text.Open(then.Length == 0 ? "if true then" : then.TrimEnd());
        foreach (BgpFilterOperation operation in rule.Operations) Write(text, operation);
        text.Line("accept;").Close();
    }

    private static List<string> Conditions(BgpFilterRule rule, IpFamily family, bool isImport)
    {
        List<string> conditions = [];
        if (PrefixCondition(rule, family) is { } prefix) conditions.Add(prefix);
        // What is imported comes from a peer by itself.
        if (rule.Source.Length > 0 && !isImport) conditions.Add("source = RTS_BGP");
        // BIRD 2 calls the interface of a route without one "", which a pattern of stars would match.
        if (rule.Interface.Length > 0) conditions.Add($"ifname != \"\" && ifname ~ {BirdText.Quote(rule.Interface)}");
        foreach (string community in rule.Communities) conditions.Add(CommunityCondition(community));
        if (rule.AsPathPrefix.Count > 0) conditions.Add($"bgp_path ~ [= {string.Join(' ', rule.AsPathPrefix.Select(n => BirdText.Number(n)))} * =]");
        if (rule.Priority is { } priority) conditions.Add($"defined(bgp_local_pref) && bgp_local_pref = {BirdText.Number(PriorityBase - priority)}");
        if (rule.PeerType.Length > 0) conditions.Add(rule.PeerType == "iBGP" ? "same_as" : "!same_as");
        return conditions;
    }

    /// <summary>
    /// With a range of lengths Equal is In and NotEqual is NotIn: a prefix compared with a set of them, as Calico's templates have it, is never equal.
    /// </summary>
    private static string? PrefixCondition(BgpFilterRule rule, IpFamily family)
    {
        bool ranged = rule.MinPrefixLength is not null || rule.MaxPrefixLength is not null;
        if (rule.Cidr is null && !ranged) return null;
        Cidr cidr = rule.Cidr ?? new Cidr(family == IpFamily.V4 ? IpAddress.FromV4(0) : new IpAddress(IpFamily.V6, 0, 0), 0);
        bool negated = rule.MatchOperator is "NotEqual" or "NotIn";
        if (!ranged) return $"net {(rule.MatchOperator is "Equal" or "NotEqual" ? (negated ? "!=" : "=") : (negated ? "!~" : "~"))} {cidr}";
        int min = Math.Max(cidr.Length, rule.MinPrefixLength ?? 0), max = Math.Min(family.Bits, rule.MaxPrefixLength ?? family.Bits);
        return min > max ? (negated ? "true" : "false") : $"net {(negated ? "!~" : "~")} [ {cidr}{{{min},{max}}} ]";
    }

    private static string CommunityCondition(string text)
    {
        BgpCommunityValue value = Parse(text);
        return $"{Tuple(value)} ~ {(value.IsLarge ? "bgp_large_community" : "bgp_community")}";
    }

    private static void Write(BirdText text, BgpFilterOperation operation)
    {
        switch (operation.Kind)
        {
            case BgpFilterOperationKind.AddCommunity: text.Line(Adding(Parse(operation.Community))); break;
            case BgpFilterOperationKind.SetPriority: text.Line($"bgp_local_pref = {BirdText.Number(PriorityBase - operation.Priority)};"); break;
            // Prepending puts in front, so the last of the list goes first.
            default: foreach (uint number in operation.AsPath.Reverse()) text.Line($"bgp_path.prepend({BirdText.Number(number)});"); break;
        }
    }

    /// <summary>A statement that adds a community.</summary>
    public static string Adding(BgpCommunityValue value) => $"{(value.IsLarge ? "bgp_large_community" : "bgp_community")}.add({Tuple(value)});";

    private static BgpCommunityValue Parse(string text) =>
        BgpCommunityValue.TryParse(text, out BgpCommunityValue value) ? value : throw new ArgumentException("the community was not validated", nameof(text));

    private static string Tuple(BgpCommunityValue value) => value.IsLarge ? $"({value.First}, {value.Second}, {value.Third})" : $"({value.First}, {value.Second})";
}
