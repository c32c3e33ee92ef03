namespace Canal.Core.Resources;

/// <summary>Reads the specs of policies, tiers, profiles and network sets.</summary>
internal static class PolicyReader
{
    private const int Buffer = 64;

    /// <summary>Reads a policy's spec. A field that only other kinds of policy have is passed over like any that nobody knows: it must not move the policy to another stage.</summary>
    public static PolicySpec Read(ref JsonScanner json, ResourceKind kind)
    {
        bool isGlobal = kind is ResourceKind.GlobalNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy;
        bool isStaged = kind is ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy;
        PolicySpec spec = new();
        string tier = "", selector = "", namespaceSelector = "", accountSelector = "";
        PolicyTypes types = PolicyTypes.None;
        if (!json.BeginObject()) return spec;
        while (json.NextField())
        {
            if (json.Is("tier"u8)) tier = json.SharedText();
            else if (json.Is("order"u8)) spec = spec with { Order = json.Number() };
            else if (json.Is("selector"u8)) selector = json.SharedText();
            else if (json.Is("types"u8)) types = ReadTypes(ref json);
            else if (json.Is("ingress"u8)) spec = spec with { Ingress = RuleReader.ReadList(ref json) };
            else if (json.Is("egress"u8)) spec = spec with { Egress = RuleReader.ReadList(ref json) };
            else if (isGlobal && json.Is("namespaceSelector"u8)) namespaceSelector = json.SharedText();
            else if (json.Is("serviceAccountSelector"u8)) accountSelector = json.SharedText();
            else if (isGlobal && json.Is("doNotTrack"u8)) spec = spec with { DoNotTrack = json.Flag() };
            else if (isGlobal && json.Is("preDNAT"u8)) spec = spec with { PreDnat = json.Flag() };
            else if (isGlobal && json.Is("applyOnForward"u8)) spec = spec with { ApplyOnForward = json.Flag() };
            else if (json.Is("performanceHints"u8)) spec = spec with { PerformanceHints = json.Texts() };
            else if (isStaged && json.Is("stagedAction"u8)) spec = spec with { StagedAction = ReadStagedAction(ref json) };
            else json.SkipValue();
        }
        return spec with
        {
            Tier = tier.Length == 0 ? PolicySpec.DefaultTier : tier,
            Types = types == PolicyTypes.None ? PolicyTypes.Both : types,
            Selector = selector,
            NamespaceSelector = namespaceSelector,
            ServiceAccountSelector = accountSelector,
        };
    }

    public static PolicyTypes ReadTypes(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        PolicyTypes types = PolicyTypes.None;
        if (!json.BeginArray()) return types;
        while (json.NextItem())
        {
            ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
            if (text is "Ingress") types |= PolicyTypes.Ingress;
            else if (text is "Egress") types |= PolicyTypes.Egress;
            else json.Fail($"{Problem.Quote(text)} is neither Ingress nor Egress");
        }
        return types;
    }

    public static StagedAction ReadStagedAction(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        switch (text)
        {
            case "" or "Set": return StagedAction.Set;
            case "Delete": return StagedAction.Delete;
            case "Learn": return StagedAction.Learn;
            case "Ignore": return StagedAction.Ignore;
            default:
                json.Fail($"{Problem.Quote(text)} is not a staged action (Set, Delete, Learn, Ignore)");
                return StagedAction.Ignore;
        }
    }

    public static Tier ReadTier(ref JsonScanner json, Tier tier)
    {
        if (!json.BeginObject()) return tier;
        while (json.NextField())
        {
            if (json.Is("order"u8)) tier = tier with { Order = json.Number() };
            else if (json.Is("defaultAction"u8)) tier = tier with { DefaultAction = ReadTierAction(ref json) };
            else json.SkipValue();
        }
        return tier;
    }

    private static TierAction? ReadTierAction(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        switch (text)
        {
            case "": return null;
            case "Deny": return TierAction.Deny;
            case "Pass": return TierAction.Pass;
            default:
                json.Fail($"{Problem.Quote(text)} is neither Deny nor Pass");
                return null;
        }
    }

    public static Profile ReadProfile(ref JsonScanner json, Profile profile)
    {
        if (!json.BeginObject()) return profile;
        while (json.NextField())
        {
            if (json.Is("ingress"u8)) profile = profile with { Ingress = RuleReader.ReadList(ref json) };
            else if (json.Is("egress"u8)) profile = profile with { Egress = RuleReader.ReadList(ref json) };
            else if (json.Is("labelsToApply"u8)) profile = profile with { LabelsToApply = json.Labels() };
            else json.SkipValue();
        }
        return profile;
    }

    public static EquatableArray<Addressing.Cidr> ReadNets(ref JsonScanner json, ReadOnlySpan<byte> field)
    {
        EquatableArray<Addressing.Cidr> nets = default;
        if (!json.BeginObject()) return nets;
        while (json.NextField())
        {
            if (json.Is(field)) nets = json.Cidrs();
            else json.SkipValue();
        }
        return nets;
    }
}
