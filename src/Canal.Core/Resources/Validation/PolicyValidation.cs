using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>The rules about policies, tiers, profiles and network sets.</summary>
internal static class PolicyValidation
{
    public static void Policy(Checked spec, ResourceKind kind)
    {
        bool global = kind is ResourceKind.GlobalNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy;
        string tier = spec.Text("tier");
        if (tier.Length > 0 && !Names.IsName(tier)) spec.Fail("tier", $"{Problem.Quote(tier)} is not a tier's name{Names.OfResources}");
        Order(spec);
        spec.SelectorWithoutGlobal("selector");
        spec.SelectorWithoutGlobal("serviceAccountSelector");
        spec.SelectorWithoutGlobal("namespaceSelector");
        Unique(spec, "types", "Ingress", "Egress");
        Unique(spec, "performanceHints", "AssumeNeededOnEveryNode");
        foreach (string direction in (string[])["ingress", "egress"])
            foreach (Checked rule in spec.Objects(direction)) RuleValidation.CheckIn(rule, direction, global);
        if (global) HostRules(spec);
        if (kind is ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy) Staged(spec);
    }

    private static void Order(Checked spec)
    {
        if (spec.Node["order"] is { } order && !(order is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number))
            spec.Fail("order", "is not a number");
    }

    private static void HostRules(Checked spec)
    {
        bool preDnat = spec.Flag("preDNAT"), doNotTrack = spec.Flag("doNotTrack");
        if (preDnat && doNotTrack) spec.Fail("preDNAT", "must not stand beside doNotTrack");
        if ((preDnat || doNotTrack) && !spec.Flag("applyOnForward")) spec.Fail("applyOnForward", "must be true with preDNAT or doNotTrack");
        if (!preDnat) return;
        if (spec.Has("egress")) spec.Fail("egress", "must not stand beside preDNAT");
        foreach ((string path, string type) in spec.Texts("types"))
            if (type == "Egress") spec.Findings.Add(path, "must not be Egress with preDNAT");
    }

    private static void Staged(Checked spec)
    {
        if (spec.OneOf("stagedAction", "Set", "Delete", "Learn", "Ignore") != "Delete") return;
        foreach ((string field, JsonNode? _) in spec.Node)
            if (field is not ("tier" or "stagedAction") && spec.Has(field)) spec.Fail(field, "must not stand beside the staged action Delete");
    }

    /// <summary>A policy in Kubernetes' own form, which is taken on here as it is: only what is Calico's own in it is checked.</summary>
    public static void Kubernetes(Checked spec)
    {
        Unique(spec, "policyTypes", "Ingress", "Egress");
        if (spec.OneOf("stagedAction", "Set", "Delete", "Learn", "Ignore") != "Delete") return;
        foreach ((string field, JsonNode? value) in spec.Node)
            if (field is not "stagedAction" && spec.Has(field) && value is not JsonObject { Count: 0 }) spec.Fail(field, "must not stand beside the staged action Delete");
    }

    internal static void Unique(Checked spec, string field, params string[] allowed)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((string path, string text) in spec.Texts(field))
        {
            if (!allowed.Contains(text)) spec.Findings.Add(path, $"{Problem.Quote(text)} is not one of {string.Join(", ", allowed)}");
            else if (!seen.Add(text)) spec.Findings.Add(path, "stands twice");
        }
    }

    public static void Tier(Checked spec, string name)
    {
        Order(spec);
        string action = spec.OneOf("defaultAction", "Deny", "Pass");
        (double? order, string? needed) = name switch
        {
            "default" => (1000000, "Deny"),
            "kube-admin" => (1000, "Pass"),
            "kube-baseline" => (10000000, "Pass"),
            _ => ((double?)null, (string?)null),
        };
        if (needed is not null && action.Length > 0 && action != needed) spec.Fail("defaultAction", $"of the tier {name} must be {needed}");
        if (order is { } fixedOrder && spec.Node["order"] is JsonValue value && value.TryGetValue(out double given) && given != fixedOrder)
            spec.Fail("order", $"of the tier {name} must be {fixedOrder:0}");
    }

    public static void Profile(Checked spec)
    {
        foreach (string direction in (string[])["ingress", "egress"])
            foreach (Checked rule in spec.Objects(direction)) RuleValidation.CheckIn(rule, direction, false);
        MetadataValidation.Labels(spec, "labelsToApply");
    }

    /// <summary>A network set, or a reservation: its list of prefixes.</summary>
    public static void Nets(Checked spec, string field)
    {
        foreach ((string _, Addressing.Cidr _) in spec.Cidrs(field)) continue;
    }
}
