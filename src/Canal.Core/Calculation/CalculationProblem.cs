using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>A resource that was treated as absent, and why.</summary>
public sealed record CalculationProblem(ResourceKey Key, string Reason)
{
    public override string ToString() => $"{Key}: {Reason}";
}
