using Canal.Core.Calculation;

namespace Canal.Core.Bgp;

/// <summary>What BIRD is to do, and what in the cluster's data stands in the way of more.</summary>
/// <param name="Configuration">Without any session when the node itself is not there.</param>
/// <param name="Problems">In a fixed order.</param>
public sealed record BirdPlan(BirdConfiguration Configuration, EquatableArray<CalculationProblem> Problems);
