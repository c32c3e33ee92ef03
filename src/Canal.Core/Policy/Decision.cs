using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>What policy says of a packet at one endpoint in one direction, and because of what.</summary>
/// <param name="Allowed">The verdict.</param>
/// <param name="Tier">The tier that decided; empty when a profile did, or nothing.</param>
/// <param name="Decider">The policy or profile whose rule decided; null for the end of a tier or of the profiles.</param>
/// <param name="RuleIndex">The rule's place in its list, or -1.</param>
public sealed record Decision(bool Allowed, string Tier, ResourceKey? Decider, int RuleIndex)
{
    /// <summary>The decision as a sentence.</summary>
    public override string ToString()
    {
        string verdict = Allowed ? "allowed" : "denied";
        if (Decider is ResourceKey key) return $"{verdict} by rule {RuleIndex} of {key}{(Tier.Length > 0 ? $" in tier {Tier}" : "")}";
        return Tier.Length > 0 ? $"{verdict} at the end of tier {Tier}" : $"{verdict}: no profile decided";
    }
}
