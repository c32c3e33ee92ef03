using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>
/// One thing that was looked at on the way to a <see cref="Decision"/>: a rule, a policy without rules in the direction, the end of a tier (no
/// <see cref="Policy"/>), or the end of the profiles (no <see cref="Tier"/> either).
/// </summary>
/// <param name="Tier">Empty for profiles.</param>
/// <param name="Policy">The policy or profile.</param>
/// <param name="RuleIndex">The rule's place in its list, or -1.</param>
/// <param name="Action">What was done, or would have been had the rule matched.</param>
/// <param name="Mismatch">The first field of the rule that the packet does not match: <c>source.selector</c>; null when the rule matched.</param>
public sealed record TraceStep(string Tier, ResourceKey? Policy, int RuleIndex, RuleAction Action, string? Mismatch);
