namespace Canal.Core.Resources;

/// <summary>What the four kinds of tiered policies say. Fields of other kinds than the policy's own keep their defaults.</summary>
public sealed record PolicySpec
{
    /// <summary>The tier of policies that name none.</summary>
    public const string DefaultTier = "default";

    /// <summary>Never empty: absent or empty in data is <see cref="DefaultTier"/>.</summary>
    public string Tier { get; init; } = DefaultTier;

    /// <summary>Null comes after every number.</summary>
    public double? Order { get; init; }

    /// <summary>As stored, not parsed; empty for none.</summary>
    public string Selector { get; init; } = "";

    /// <summary>Global kinds only.</summary>
    public string NamespaceSelector { get; init; } = "";

    public string ServiceAccountSelector { get; init; } = "";

    /// <summary>Absent or empty in data is both.</summary>
    public PolicyTypes Types { get; init; } = PolicyTypes.Both;

    public EquatableArray<Rule> Ingress { get; init; }

    public EquatableArray<Rule> Egress { get; init; }

    public bool DoNotTrack { get; init; }

    public bool PreDnat { get; init; }

    public bool ApplyOnForward { get; init; }

    public EquatableArray<string> PerformanceHints { get; init; }

    /// <summary>Staged kinds only.</summary>
    public StagedAction StagedAction { get; init; }
}
