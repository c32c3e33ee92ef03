using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>A resource that was treated as absent, or in part, and why.</summary>
public sealed record CalculationProblem(ResourceKey Key, string Reason)
{
    /// <summary>The rest of the resource counts.</summary>
    public bool InPart { get; init; }

    public override string ToString() => $"{Key}: {Reason}";
}
