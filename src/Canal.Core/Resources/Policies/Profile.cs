namespace Canal.Core.Resources;

/// <summary>Rules and labels for the endpoints that name it.</summary>
public sealed record Profile : Resource
{
    /// <summary>The profile that is never stored and always there: it allows everything and gives no labels.</summary>
    public const string DefaultAllowName = "projectcalico-default-allow";

    public EquatableArray<Rule> Ingress { get; init; }

    public EquatableArray<Rule> Egress { get; init; }

    /// <summary>Labels that endpoints of this profile inherit.</summary>
    public LabelMap LabelsToApply { get; init; }

    /// <summary>The virtual profile <see cref="DefaultAllowName"/>, which every reader has to add by itself.</summary>
    public static Profile DefaultAllow { get; } = new()
    {
        Key = new ResourceKey(ResourceKind.Profile, null, DefaultAllowName),
        Metadata = new Metadata { Name = DefaultAllowName, ResourceVersion = "1" },
        Ingress = [new Rule { Action = RuleAction.Allow }],
        Egress = [new Rule { Action = RuleAction.Allow }],
    };
}
