using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>One tier as one endpoint sees it in one direction.</summary>
/// <param name="Tier">Name of the tier.</param>
/// <param name="EndAction">What happens to a packet that none of the policies decided. With staged policies alone the tier decides nothing: it passes.</param>
/// <param name="Policies">The policies, in order; never empty. Staged ones stand in their places and only count.</param>
public sealed record TierPolicies(string Tier, TierAction EndAction, EquatableArray<ResourceKey> Policies);
