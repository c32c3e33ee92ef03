using System.Globalization;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;

namespace Canal.Felix.Drops;

/// <summary>
/// Why a packet is denied, as the prefix of the kernel's log message says it: <c>gnp/web ingress 2</c> is a rule, <c>end-of-tier default ingress</c> and
/// <c>spoofed-source egress</c> are not. The endpoint is not in it: the interfaces of the message tell, and policies are shared.
/// </summary>
/// <param name="Text">All of it.</param>
/// <param name="Policy">The policy or profile, as <see cref="KernelNames.PolicyId"/> says it; null when no policy decided.</param>
/// <param name="Rule">Which of its rules; null when it is denied as a whole.</param>
/// <param name="Tier">The tier at whose end no policy had decided, else null.</param>
/// <param name="Direction">Seen from the endpoint.</param>
internal sealed record DropReason(string Text, string? Policy, int? Rule, string? Tier, Direction Direction)
{
    private const string Closed = "closed";
    private const string TierEnd = "end-of-tier";

    public static string OfRule(ResourceKey policy, Direction direction, int rule) => string.Create(CultureInfo.InvariantCulture, $"{KernelNames.ShortId(policy)} {Word(direction)} {rule}");

    /// <summary>As a packet's prefix would say it that it decides, whichever way.</summary>
    public static string Of(Decision decision, Direction direction) => decision.Decider is ResourceKey policy ? OfRule(policy, direction, decision.RuleIndex)
        : decision.Tier.Length > 0 ? EndOfTier(decision.Tier, direction) : EndOfProfiles(direction);

    /// <summary>A policy that cannot be programmed.</summary>
    public static string OfClosed(ResourceKey policy, Direction direction) => $"{Closed} {KernelNames.ShortId(policy)} {Word(direction)}";

    /// <summary>An endpoint that cannot be programmed.</summary>
    public static string OfClosed(Direction direction) => $"{Closed} {Word(direction)}";

    public static string EndOfTier(string tier, Direction direction) => $"{TierEnd} {KernelNames.Short(tier)} {Word(direction)}";

    public static string EndOfProfiles(Direction direction) => $"end-of-profiles {Word(direction)}";

    public static string Invalid(Direction direction) => $"invalid-connection {Word(direction)}";

    public static string UnknownInterface(Direction direction) => $"unknown-workload-interface {Word(direction)}";

    public static string PacketRate(Direction direction) => $"packet-rate {Word(direction)}";

    public const string TooManyConnections = "too-many-connections ingress";

    public static string Revoked(Direction direction) => $"revoked-connection {Word(direction)}";

    public const string SpoofedSource = "spoofed-source egress";
    public const string VxlanFromWorkload = "VXLAN-from-workload egress";
    public const string IpipFromWorkload = "IPIP-from-workload egress";
    public const string EndpointToHost = "endpoint-to-host-action egress";
    public const string VxlanFromStranger = "VXLAN-from-stranger ingress";
    public const string IpipFromStranger = "IPIP-from-stranger ingress";

    /// <summary>Reads a prefix; what another program logs to our group is a reason without policy.</summary>
    public static DropReason Parse(string prefix)
    {
        string[] words = prefix.Split(' ');
        bool numbered = int.TryParse(words[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int rule) && words.Length == 3;
        Direction direction = words[numbered ? 1 : words.Length - 1] == Word(Direction.Egress) ? Direction.Egress : Direction.Ingress;
        string? policy = numbered ? words[0] : words is [Closed, string closed, _] ? closed : null;
        return new DropReason(prefix, policy, numbered ? rule : null, words is [TierEnd, string tier, _] ? tier : null, direction);
    }

    public static string Word(Direction direction) => direction == Direction.Ingress ? "ingress" : "egress";
}
