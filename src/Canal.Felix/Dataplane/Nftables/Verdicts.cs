using System.Globalization;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>How decisions are written.</summary>
internal static class Verdicts
{
    /// <summary>
    /// Packet mark of "this tier passes": cleared at the head of the tier's chain, set by a Pass rule, tested and cleared after the policy. Calico's bit of
    /// Calico's mask; the other bits of the mark are never touched. Nothing else is marked: an accept ends its base chain only, and each direction has a
    /// base chain of its own.
    /// </summary>
    public const uint PassMark = 0x20000;

    private const int MaxPrefixLength = 127;

    /// <summary>Ends a rule by denying the packet.</summary>
    public static NftRuleBuilder Deny(NftRuleBuilder rule, FelixParameters parameters) =>
        parameters.Deny == DenyAction.Reject ? rule.Reject() : rule.Drop();

    /// <summary>Counts and logs, as far as the limit allows.</summary>
    public static void Log(NftRuleBuilder rule, FelixParameters parameters, string tier, ResourceKey key)
    {
        if (parameters.LogLimit is RateLimit limit) rule.Limit(limit.Count, (NftLimitUnit)limit.Seconds, limit.Burst);
        rule.Counter().Log(LogPrefix(parameters, tier, key), NftLogLevel.Notice);
    }

    private static string LogPrefix(FelixParameters parameters, string tier, ResourceKey key)
    {
        string text = parameters.LogPrefix
            .Replace("%t", tier, StringComparison.Ordinal)
            .Replace("%k", KernelNames.ShortKind(key.Kind), StringComparison.Ordinal)
            .Replace("%p", key.Namespace is null ? key.Name : $"{key.Namespace}/{key.Name}", StringComparison.Ordinal)
            .Replace("%n", key.Name, StringComparison.Ordinal);
        string safe = new([.. text.Select(c => char.IsAscii(c) && !char.IsControl(c) && c != '"' ? c : '_')]);
        return string.Create(CultureInfo.InvariantCulture, $"{(safe.Length > MaxPrefixLength - 2 ? safe[..(MaxPrefixLength - 2)] : safe)}: ");
    }
}
