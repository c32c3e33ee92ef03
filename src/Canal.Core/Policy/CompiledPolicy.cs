using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>The rules of a policy or profile, ready to be rendered. Value equality tells whether anything must be done.</summary>
/// <param name="Key">The policy or profile.</param>
/// <param name="Tier">Tier of a policy; empty for a profile.</param>
/// <param name="Ingress">Rules for packets to the endpoint.</param>
/// <param name="Egress">Rules for packets from the endpoint.</param>
public sealed record CompiledPolicy(ResourceKey Key, string Tier, EquatableArray<CompiledRule> Ingress, EquatableArray<CompiledRule> Egress)
{
    /// <summary>Where it is asked: <see cref="PolicyStage.Normal"/>, which includes forwarding, <see cref="PolicyStage.Untracked"/> or <see cref="PolicyStage.PreDnat"/>.</summary>
    public PolicyStage Stage { get; init; }

    /// <summary>The directions a policy governs; both for a profile.</summary>
    public PolicyTypes Types { get; init; } = PolicyTypes.Both;

    /// <summary>It counts what it would decide, and decides nothing.</summary>
    public bool IsStaged => PolicyCompiler.IsStaged(Key.Kind);

    /// <summary>Packets of the direction have to be shown to it. A staged policy without rules still counts those that it would leave to the end of the tier.</summary>
    public bool IsAsked(Direction direction) =>
        IsStaged ? Types.HasFlag(direction == Direction.Ingress ? PolicyTypes.Ingress : PolicyTypes.Egress) : !Rules(direction).IsEmpty;

    /// <summary>The rules of one direction.</summary>
    public EquatableArray<CompiledRule> Rules(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;

    /// <summary>A rule of that direction may send the packet to the next tier.</summary>
    public bool Passes(Direction direction)
    {
        if (IsStaged) return false;
        foreach (CompiledRule rule in Rules(direction))
            if (rule.Action == RuleAction.Pass) return true;
        return false;
    }
}
