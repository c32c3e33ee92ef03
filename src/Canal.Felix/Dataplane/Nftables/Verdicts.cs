using System.Globalization;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Felix.Revocation;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>How decisions are written.</summary>
internal static class Verdicts
{
    private const int MaxPrefixLength = 127;

    /// <summary>Ends a rule by denying the packet, and telling why (<see cref="DropReason"/>).</summary>
    public static NftRuleBuilder Deny(NftRuleBuilder rule, FelixParameters parameters, string reason) =>
        parameters.Deny == DenyAction.Reject ? Tell(rule.Counter(), parameters, reason).Reject() : Drop(rule, parameters, reason);

    /// <summary>Ends a rule by denying the packet without an answer, and telling why.</summary>
    public static NftRuleBuilder Drop(NftRuleBuilder rule, FelixParameters parameters, string reason) => Tell(rule.Counter(), parameters, reason).Drop();

    /// <summary>
    /// At the head of a base chain: connections that policy no longer allows. A reset of theirs passes, ours too; so does what is only related, such as our
    /// answer to a packet of theirs.
    /// </summary>
    public static IEnumerable<NftRule> Revoked(NftRuleBuilder builder, FelixParameters parameters, Direction direction)
    {
        const byte Reset = 4;
        NftRuleBuilder Flow() => builder.CtMark(parameters.Marks.Revoked, parameters.Marks.Revoked).CtState(NftCtState.Established);
        string reason = DropReason.Revoked(direction), comment = "policy no longer allows this connection";
        if (parameters.OnRevoke == OnRevoke.Keep) yield break;
        if (parameters.OnRevoke == OnRevoke.Drop)
        {
            yield return Drop(Flow(), parameters, reason).Build(comment);
            yield break;
        }
        yield return Tell(Flow().L4Proto(IpProtocol.Tcp).TcpFlags(0, Reset).Counter(), parameters, reason).Reject(NftReject.TcpReset).Build(comment);
        yield return Tell(Flow().L4Proto(IpProtocol.Tcp, NftOperator.NotEqual).Counter(), parameters, reason).Reject().Build(comment);
    }

    /// <summary>Only what denies logs: accepted packets never meet it.</summary>
    public static NftRuleBuilder Tell(NftRuleBuilder rule, FelixParameters parameters, string reason) => parameters.DropGroup is { } group ? rule.Log(group, reason) : rule;

    /// <summary>
    /// Ends a rule by allowing the packet: in the base chain it is in, and before connection tracking or DNAT also at the host endpoint later on, which a mark
    /// carries there.
    /// </summary>
    public static NftRuleBuilder Allow(NftRuleBuilder rule, PolicyStage stage, FelixParameters parameters) => stage switch
    {
        PolicyStage.Untracked => rule.Notrack().SetMetaMark(parameters.Marks.Accept, parameters.Marks.Accept).Accept(),
        PolicyStage.PreDnat => rule.SetMetaMark(parameters.Marks.Accept, parameters.Marks.Accept).Accept(),
        _ => rule.Accept(),
    };

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
