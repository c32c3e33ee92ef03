namespace Canal.Core.Policy;

/// <summary>The tiers of one stage as one host endpoint sees them, in order.</summary>
/// <param name="Ingress">For packets that come in by the endpoint's interface.</param>
/// <param name="Egress">For packets that leave by it; always empty before DNAT.</param>
public sealed record StageTiers(EquatableArray<TierPolicies> Ingress, EquatableArray<TierPolicies> Egress)
{
    public static StageTiers None { get; } = new(default, default);

    public bool IsEmpty => Ingress.IsEmpty && Egress.IsEmpty;

    /// <summary>The tiers of one direction.</summary>
    public EquatableArray<TierPolicies> Of(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;
}
