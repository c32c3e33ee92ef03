using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>What stands beside each rule in the kernel, so that <c>nft list table inet canal</c> alone leads back to the policy and the rule.</summary>
internal static class RuleComments
{
    /// <summary><c>gnp/web ingress 2 allow</c>, and the rule's annotations.</summary>
    public static string Rule(ResourceKey key, Direction direction, CompiledRule rule)
    {
        string text = $"{Name(key)} {Word(direction)} {rule.Index} {rule.Action.ToString().ToLowerInvariant()}";
        return rule.Note.Length == 0 ? text : $"{text} {rule.Note}";
    }

    /// <summary><c>sgnp/web ingress 2 would deny</c>.</summary>
    public static string StagedRule(ResourceKey key, Direction direction, CompiledRule rule) =>
        $"{Name(key)} {Word(direction)} {rule.Index} would {rule.Action.ToString().ToLowerInvariant()}";

    public static string StagedEnd(ResourceKey key, Direction direction) => $"{Name(key)} {Word(direction)} would leave it to the rest of its tier";

    public static string Policy(ResourceKey key, Direction direction) => $"{Name(key)} {Word(direction)}";

    /// <summary>Beside the one rule of a chain that stands for what the kernel does not take.</summary>
    public static string Closed(string what) => $"{what}: cannot be programmed, everything is denied";

    public static string EndOfTier(string tier, Direction direction, string owner) => $"end of tier {tier}: no policy decided {Word(direction)} of {owner}";

    public static string EndOfProfiles(Direction direction, string owner) => $"end of profiles: none allowed {Word(direction)} of {owner}";

    private static string Word(Direction direction) => direction == Direction.Ingress ? "ingress" : "egress";

    private static string Name(ResourceKey key) =>
        key.Namespace is null ? $"{KernelNames.ShortKind(key.Kind)}/{key.Name}" : $"{KernelNames.ShortKind(key.Kind)}/{key.Namespace}/{key.Name}";
}
