using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// Says the rules of one chain of the nftables table in iptables' words, for one family. There an accept ends only the base chain that the packet is in; in
/// iptables it would end the whole hook. So an accept sets a bit of the mark and returns, and whoever jumped looks at the bit and returns too. What a rule does
/// in several steps is a chain of its own, which the rule goes to: its matches are asked once. For one chain; not reused.
/// </summary>
/// <remarks>NotSupportedException: iptables has no way to say it.</remarks>
internal sealed class RuleTranslator(IpFamily family, MarkBits marks)
{
    /// <summary>The kernel's for LOG and NFLOG, less the closing NUL.</summary>
    private const int LongestLogPrefix = 29, LongestGroupPrefix = 63;

    private readonly List<IptablesRule> rules = [];

    /// <summary>Chains of steps that the rules go to.</summary>
    public List<IptablesChain> Steps { get; } = [];

    /// <summary>The rules so far.</summary>
    public EquatableArray<IptablesRule> Rules => rules.ToEquatableArray();

    /// <summary>Goes to where a map leads, after which nothing of this chain counts any more.</summary>
    public void GoTo(string matches, string chain) => rules.Add(new IptablesRule(matches, $" -g {chain}"));

    /// <summary>Adds a rule, or as many as it takes; returns false when the family has no such packets.</summary>
    public bool Add(NftRule rule, IReadOnlyList<NftStatement> statements)
    {
        IptablesMatches matches = new(family, rule.Identity);
        List<string> actions = [];
        NftVerdict? verdict = null;
        bool ends = false;
        foreach (NftStatement statement in statements)
        {
            if (matches.Take(statement)) _ = actions.Count == 0 ? true : throw new NotSupportedException("a match after an action");
            else if (statement is NftStatement.Decide decide) verdict = decide.Verdict;
            else if (ActionOf(statement, matches.IsTcp) is { Length: > 0 } action) actions.Add(action);
            ends |= statement is NftStatement.Reject or NftStatement.Masquerade or NftStatement.Translate;
            if (matches.IsNever) return false;
        }
        string target = Target(actions, verdict, ends, rule.Comment);
        bool called = verdict is { Code: NftVerdictCode.Jump };
        foreach (string text in matches.Texts())
        {
            rules.Add(new IptablesRule(text, target, rule.Comment));
            if (called) rules.Add(Accepted(marks));
        }
        return true;
    }

    /// <summary>Returns when what was called has accepted.</summary>
    public static IptablesRule Accepted(MarkBits marks) => new(IsDecided(marks), " -j RETURN");

    private string Target(List<string> actions, NftVerdict? verdict, bool ends, string comment)
    {
        List<string> steps = [.. actions];
        string go = " -g";
        switch (verdict?.Code)
        {
            case NftVerdictCode.Accept when steps.Count == 0: return $" -g {IptablesNames.Accept}";
            case NftVerdictCode.Accept: steps.Add(SetDecided(marks)); break;
            case NftVerdictCode.Return when steps.Count == 0: return " -j RETURN";
            case NftVerdictCode.Return: break;
            case NftVerdictCode.Drop: steps.Add(" -j DROP"); break;
            case NftVerdictCode.Jump when steps.Count == 0: return $" -j {IptablesNames.Chain(verdict.Value.Chain!)}";
            case NftVerdictCode.Goto: steps.Add($" -g {IptablesNames.Chain(verdict.Value.Chain!)}"); break;
            case null or NftVerdictCode.Continue: go = ends ? " -g" : " -j"; break;
            default: throw new NotSupportedException($"{verdict} after an action");
        }
        bool single = steps.Count == 1 && verdict?.Code is null or NftVerdictCode.Continue or NftVerdictCode.Drop or NftVerdictCode.Goto;
        if (steps.Count == 0) return "";
        return single ? steps[0] : $"{go} {StepsChain(steps, comment)}";
    }

    /// <summary>Named by what it does: rules that do the same share it.</summary>
    private string StepsChain(List<string> steps, string comment)
    {
        EquatableArray<IptablesRule> rules = [.. steps.Select(step => Step(step, comment))];
        string name = IptablesNames.Chain($"do/{string.Concat(rules.Select(r => r.Identity))}");
        if (!Steps.Exists(s => s.Name == name)) Steps.Add(new IptablesChain(name, "", rules));
        return name;
    }

    /// <summary>A reset answers tcp only, and iptables wants that said in the same rule.</summary>
    private static IptablesRule Step(string step, string comment) => step.EndsWith(" tcp-reset", StringComparison.Ordinal) ? new IptablesRule(" -p 6", step, comment) : new IptablesRule("", step, comment);

    private string ActionOf(NftStatement statement, bool isTcp) => statement switch
    {
        NftStatement.Counter => "",
        NftStatement.SetMark set => $" -j MARK --set-xmark 0x{set.Xor:x}/0x{~set.And:x}",
        NftStatement.SetDscp set => $" -j DSCP --set-dscp 0x{set.Value:x2}",
        NftStatement.LogToGroup log => string.Create(CultureInfo.InvariantCulture, $" -j NFLOG --nflog-group {log.Group}{LogPrefix("nflog", log.Prefix, LongestGroupPrefix)}"),
        NftStatement.LogToKernel log => $"{" -j LOG"}{LogPrefix("log", log.Prefix, LongestLogPrefix)} --log-level {(int)log.Level}",
        NftStatement.Notrack => " -j CT --notrack",
        NftStatement.Reject { Answer: NftReject.TcpReset } => isTcp ? " -j REJECT --reject-with tcp-reset" : throw new NotSupportedException("only tcp is answered by a reset"),
        NftStatement.Reject reject => $" -j REJECT --reject-with {Answer(reject.Answer)}",
        NftStatement.Masquerade masquerade => $" -j MASQUERADE{(masquerade.Ports is { } ports ? $" --to-ports {Ports(ports)}" : "")}{Randomly(masquerade.Flags)}",
        NftStatement.Translate translate => $" -j {(translate.IsDestination ? "DNAT --to-destination" : "SNAT --to-source")} {Translated(translate)}{Randomly(translate.Flags)}",
        _ => throw new NotSupportedException($"iptables has no target for {statement}"),
    };

    private string Answer(NftReject answer) => (answer, family) switch
    {
        (NftReject.PortUnreachable, IpFamily.V4) => "icmp-port-unreachable",
        (NftReject.PortUnreachable, _) => "icmp6-port-unreachable",
        (NftReject.AdminProhibited, IpFamily.V4) => "icmp-admin-prohibited",
        (NftReject.AdminProhibited, _) => "icmp6-adm-prohibited",
        (NftReject.NoRoute, IpFamily.V4) => "icmp-net-unreachable",
        (NftReject.NoRoute, _) => "icmp6-no-route",
        (_, IpFamily.V4) => "icmp-host-unreachable",
        _ => "icmp6-addr-unreachable",
    };

    private static string Translated(NftStatement.Translate translate) => translate.Ports is not { } ports ? translate.Address.ToString()
        : translate.Address.Family == IpFamily.V6 ? $"[{translate.Address}]:{Ports(ports)}" : $"{translate.Address}:{Ports(ports)}";

    private static string Ports(PortRange ports) => string.Create(CultureInfo.InvariantCulture, $"{ports.First}-{ports.Last}");

    private static string Randomly(NftNatFlags flags) => (flags & NftNatFlags.FullyRandom) != 0 ? " --random-fully" : (flags & NftNatFlags.Random) != 0 ? " --random" : "";

    private static string LogPrefix(string way, string prefix, int longest) => prefix.Length == 0 ? "" : $" --{way}-prefix {IptablesRule.Quote(prefix, longest)}";

    /// <summary>The target that says that a stage accepts.</summary>
    public static string SetDecided(MarkBits marks) => $" -j MARK --set-xmark {Bit(marks.Decided)}";

    /// <summary>The target that takes that back.</summary>
    public static string ClearDecided(MarkBits marks) => $" -j MARK --set-xmark 0x0/0x{marks.Decided:x}";

    /// <summary>The match of what a stage has accepted.</summary>
    public static string IsDecided(MarkBits marks) => $" -m mark --mark {Bit(marks.Decided)}";

    private static string Bit(uint bit) => $"0x{bit:x}/0x{bit:x}";
}
