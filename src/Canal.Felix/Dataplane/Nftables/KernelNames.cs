using System.Globalization;
using System.Text;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Names of chains, sets and maps in table <c>inet canal</c>. An operator reads them, so they say which policy, profile or interface they are for. nft's
/// grammar allows letters, digits and <c>/ _ . -</c>; a name from etcd that has others, or is too long, is mended and made unique by a hash after <c>//</c>,
/// which no name that stands as it is can hold. Two things never have one name.
/// </summary>
internal static class KernelNames
{
    public const string Table = "canal";

    /// <summary>The table that holds policy while that one is made anew.</summary>
    public const string StandIn = "canal-stand-in";

    /// <summary>NFT_NAME_MAXLEN less the closing NUL is 255; a namespace, a name, prefixes and suffixes of ours must fit together.</summary>
    private const int LongestLiteral = 100;

    private const int MendedLength = 50;

    private const int LongestShort = 80;

    /// <summary>144 bits: nobody finds two names with one hash.</summary>
    private const int HashLength = 24;

    /// <summary>96 bits; a clash would need 2^48 selectors tried.</summary>
    private const int SetIdLength = 16;

    /// <summary>Chain of a policy's or profile's rules for one direction: <c>policy-in/gnp/web</c>, <c>policy-out/np/prod/db</c>, <c>staged-in/sgnp/web</c>,
    /// <c>profile-in/open</c>.</summary>
    public static string PolicyChain(ResourceKey key, Direction direction)
    {
        string way = direction == Direction.Ingress ? "in" : "out";
        if (key.Kind == ResourceKind.Profile) return $"profile-{way}/{Safe(key.Name)}";
        return $"{(PolicyCompiler.IsStaged(key.Kind) ? "staged" : "policy")}-{way}/{PolicyId(key)}";
    }

    /// <summary>Copy of that chain which denies without an answer, for the end of the packet's way.</summary>
    public static string LatePolicyChain(ResourceKey key, Direction direction) => $"late-{PolicyChain(key, direction)}";

    /// <summary>Chain of a host endpoint at one stage: <c>host-in/host-a-eth0</c>, <c>host-pre-dnat/host-a-eth0</c>.</summary>
    public static string HostChain(HostStage stage, string endpoint) => $"{stage.Name}/{Safe(endpoint)}";

    /// <summary>Chain of a workload interface for one direction: <c>to/caliw0</c>, <c>from/caliw0</c>.</summary>
    public static string EndpointChain(string interfaceName, Direction direction) => $"{(direction == Direction.Ingress ? "to" : "from")}/{interfaceName}";

    /// <summary>Chain of one tier of an endpoint: <c>to/caliw0/security</c>.</summary>
    public static string TierChain(string endpointChain, string tier) => $"{endpointChain}/{Safe(tier)}";

    /// <summary>Chain of a rule that takes several kernel rules to say: <c>policy-in/gnp/web/3</c>.</summary>
    public static string RuleChain(string policyChain, int ruleIndex) => string.Create(CultureInfo.InvariantCulture, $"{policyChain}/{ruleIndex}");

    /// <summary>Chain of the foreign source addresses that a workload interface may use: <c>spoofing/caliw0</c>.</summary>
    public static string SpoofingChain(string interfaceName) => $"spoofing/{interfaceName}";

    /// <summary>
    /// Kernel set of a part of a set: <c>s4-…</c> single addresses, <c>p4-…</c> prefixes, <c>n4-…</c> named port; then the beginning of Calico's id. For every
    /// rule that looks a set up the kernel compares names one by one, and takes the length of each: short names halve the time that takes.
    /// </summary>
    public static string Set(SetPart part)
    {
        char kind = part.Set.Kind == IpSetKind.NamedPort ? 'n' : part.Prefixes ? 'p' : 's';
        return $"{kind}{(int)part.Family}-{part.Set.Id.AsSpan(part.Set.Id.IndexOf(':') + 1, SetIdLength)}";
    }

    /// <summary>Kernel set of a list of networks, by its content: <c>nets4/10.0.0.0-8/192.0.2.1</c>, <c>nets6/fd00__-8</c>, or a hash where that is too long.</summary>
    public static string NetsSet(IpFamily family, Cidr[] nets)
    {
        string list = string.Join('/', nets.Select(n => (n.IsSingleAddress ? n.Address.ToString() : n.ToString()).Replace('/', '-').Replace(':', '_')));
        return list.Length <= MendedLength ? $"nets{(int)family}/{list}" : $"nets{(int)family}//{ContentId.Of("nets", list).Substring(5, HashLength)}";
    }

    /// <summary>Kernel set of a list of ports, by its content: <c>ports/80/443/8000-8010</c>, or a hash where that is too long.</summary>
    public static string PortsSet(PortRange[] ports)
    {
        string list = string.Join('/', ports.Select(p => p.First == p.Last ? $"{p.First}" : $"{p.First}-{p.Last}"));
        return list.Length <= MendedLength ? $"ports/{list}" : $"ports//{ContentId.Of("ports", list).Substring(6, HashLength)}";
    }

    /// <summary>As Calico's tools print policies: <c>gnp/web</c>, <c>np/prod/db</c>.</summary>
    public static string PolicyId(ResourceKey key) => key.Namespace is null ? $"{ShortKind(key.Kind)}/{Safe(key.Name)}" : $"{ShortKind(key.Kind)}/{Safe(key.Namespace)}/{Safe(key.Name)}";

    /// <summary>That with its whole names, which the kernel may have no room for: for whoever reads.</summary>
    public static string WholeId(ResourceKey key) => key.Namespace is null ? $"{ShortKind(key.Kind)}/{key.Name}" : $"{ShortKind(key.Kind)}/{key.Namespace}/{key.Name}";

    /// <summary>That, no longer than <see cref="Short"/>: for log prefixes, which are 127 bytes at most.</summary>
    public static string ShortId(ResourceKey key) => Short(PolicyId(key));

    /// <summary>A name of this class, mended when it is longer than 80 characters.</summary>
    public static string Short(string name)
    {
        string safe = name.All(c => IsNameCharacter(c) || c == '/') ? name : Safe(name);
        return safe.Length <= LongestShort ? safe : $"{safe[..(LongestShort - HashLength - 2)]}//{ContentId.Of("name", name).Substring(5, HashLength)}";
    }

    /// <summary>Calico's short word for a kind.</summary>
    public static string ShortKind(ResourceKind kind) => kind switch
    {
        ResourceKind.GlobalNetworkPolicy => "gnp",
        ResourceKind.NetworkPolicy => "np",
        ResourceKind.StagedGlobalNetworkPolicy => "sgnp",
        ResourceKind.StagedNetworkPolicy => "snp",
        ResourceKind.StagedKubernetesNetworkPolicy => "sknp",
        ResourceKind.Profile => "profile",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static string Safe(string name)
    {
        if (name.Length is > 0 and <= LongestLiteral && name.All(IsNameCharacter)) return name;
        StringBuilder mended = new();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MendedLength))) mended.Append(IsNameCharacter(c) ? c : '_');
        return $"{mended}//{ContentId.Of("name", name).Substring(5, HashLength)}";
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
