using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>Whether a BGPFilter is understood whole.</summary>
internal static class BgpFilterAdmission
{
    public static void Check(BgpFilter filter, Action<string, string> fail)
    {
        Check("spec.importV4", filter.ImportV4, fail);
        Check("spec.importV6", filter.ImportV6, fail);
        Check("spec.exportV4", filter.ExportV4, fail);
        Check("spec.exportV6", filter.ExportV6, fail);
    }

    private static void Check(string list, EquatableArray<BgpFilterRule> rules, Action<string, string> fail)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            string path = $"{list}[{i}]";
            Check(rules[i], (field, sentence) => fail($"{path}.{field}", sentence));
        }
    }

    private static void Check(BgpFilterRule rule, Action<string, string> fail)
    {
        if (rule.MatchOperator is not ("" or "Equal" or "NotEqual" or "In" or "NotIn")) fail("matchOperator", $"{Problem.Quote(rule.MatchOperator)} is none of Equal, NotEqual, In, NotIn");
        if (rule.Cidr is not null && rule.MatchOperator.Length == 0) fail("matchOperator", "is missing, which cidr needs");
        if (rule.Cidr is null && rule.MatchOperator.Length > 0) fail("cidr", "is missing, which matchOperator needs");
        if (rule.MinPrefixLength > rule.MaxPrefixLength) fail("prefixLength", "has a min above its max");
        if (rule.Source is not ("" or "RemotePeers")) fail("source", $"{Problem.Quote(rule.Source)} is not RemotePeers");
        if (rule.PeerType is not ("" or "eBGP" or "iBGP")) fail("peerType", $"{Problem.Quote(rule.PeerType)} is neither eBGP nor iBGP");
        if (rule.Interface.Length > 0 && !BgpText.IsInterfacePattern(rule.Interface)) fail("interface", $"{Problem.Quote(rule.Interface)} is not a pattern of interface names");
        foreach (string community in rule.Communities) CheckCommunity("communities.values", community, fail);
        if (rule.Communities.Count > 1) fail("communities.values", "may hold one community only");
        if (!rule.Accept && rule.Operations.Count > 0) fail("operations", "are of use only with Accept");
        foreach (BgpFilterOperation operation in rule.Operations) CheckOperation(operation, fail);
        if (rule.AsPathPrefix.Any(number => number == 0)) fail("asPathPrefix", "holds the AS 0");
    }

    private static void CheckOperation(BgpFilterOperation operation, Action<string, string> fail)
    {
        if (operation.Kind == BgpFilterOperationKind.AddCommunity) CheckCommunity("operations.addCommunity", operation.Community, fail);
        if (operation.Kind == BgpFilterOperationKind.PrependAsPath && (operation.AsPath.IsEmpty || operation.AsPath.Any(number => number == 0))) fail("operations.prependASPath", "names no AS");
        if (operation.Kind == BgpFilterOperationKind.SetPriority && operation.Priority < 1) fail("operations.setPriority", "must be at least 1");
    }

    private static void CheckCommunity(string path, string text, Action<string, string> fail)
    {
        if (!BgpCommunityValue.TryParse(text, out _)) fail(path, $"{Problem.Quote(text)} is not a community, aa:nn or aa:nn:mm");
    }
}
