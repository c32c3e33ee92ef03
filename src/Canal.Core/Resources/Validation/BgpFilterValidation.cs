using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about BGP filters.</summary>
internal static class BgpFilterValidation
{
    private const int MostOperations = 10;

    private static readonly string[] Operations = ["addCommunity", "prependASPath", "setPriority"];

    public static void Check(Checked spec)
    {
        foreach (Checked rule in spec.Objects("importV4").Concat(spec.Objects("exportV4"))) Rule(rule, IpFamily.V4);
        foreach (Checked rule in spec.Objects("importV6").Concat(spec.Objects("exportV6"))) Rule(rule, IpFamily.V6);
    }

    public static void Rule(Checked rule, IpFamily family)
    {
        rule.Require("action");
        string action = rule.OneOf("action", "Accept", "Reject");
        Match(rule, family);
        rule.OneOf("source", "RemotePeers");
        rule.OneOf("peerType", "eBGP", "iBGP");
        rule.Integer("priority", BgpValidation.LeastPriority, BgpValidation.MostPriority);
        string name = rule.Text("interface");
        if (name.Length > 0 && !Names.IsInterfacePattern(name)) rule.Fail("interface", $"{Problem.Quote(name)} is not an interface's name{Names.OfInterfaces}, with * for anything");
        if (rule.Object("communities") is { } communities) Communities(communities);
        Path(rule, "asPathPrefix");
        Checked[] operations = [.. rule.Objects("operations")];
        if (operations.Length > 0 && action != "Accept") rule.Fail("operations", "are for the action Accept only");
        if (operations.Length > MostOperations) rule.Fail("operations", $"are more than {MostOperations}");
        foreach (Checked operation in operations) Operation(operation);
    }

    private static void Match(Checked rule, IpFamily family)
    {
        rule.Network("cidr", family);
        rule.OneOf("matchOperator", "Equal", "NotEqual", "In", "NotIn");
        if (rule.Has("cidr") && !rule.Has("matchOperator")) rule.Fail("matchOperator", "is missing: cidr needs it");
        if (!rule.Has("cidr") && rule.Has("matchOperator")) rule.Fail("cidr", "is missing: matchOperator needs it");
        if (rule.Object("prefixLength") is not { } length) return;
        if (!rule.Has("cidr")) rule.Fail("cidr", "is missing: prefixLength needs it");
        long? least = length.Integer("min", 0, family.Bits), most = length.Integer("max", 0, family.Bits);
        if (least > most) length.Fail("min", $"is above max, {most}");
    }

    private static void Communities(Checked communities)
    {
        (string Path, string Text)[] values = [.. communities.Texts("values")];
        if (values.Length != 1) communities.Fail("values", "needs exactly one community");
        foreach ((string path, string text) in values)
            if (!BgpValidation.IsCommunity(text)) communities.Findings.Add(path, $"{Problem.Quote(text)} is not a community: aa:nn or aa:nn:mm");
    }

    /// <summary>A change to a route that is accepted.</summary>
    public static void Operation(Checked operation)
    {
        string[] given = [.. Operations.Where(name => operation.Node[name] is not null)];
        if (given.Length != 1)
        {
            operation.Findings.Add(operation.Path, $"needs exactly one of {string.Join(", ", Operations)}");
            return;
        }
        if (operation.Object("addCommunity") is { } community) BgpValidation.Community(community, "value");
        if (operation.Object("prependASPath") is { } path)
        {
            path.Require("prefix");
            Path(path, "prefix");
        }
        if (operation.Object("setPriority") is { } priority)
        {
            priority.Require("value");
            priority.Integer("value", BgpValidation.LeastPriority, BgpValidation.MostPriority);
        }
    }

    private static void Path(Checked owner, string field)
    {
        foreach ((string path, string text) in owner.NumbersOrTexts(field))
            if (!AsNumber.TryParse(text, out _)) owner.Findings.Add(path, $"{Problem.Quote(text)} is not an AS number");
    }
}
