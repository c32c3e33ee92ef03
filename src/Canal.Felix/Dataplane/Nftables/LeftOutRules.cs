using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Rules that the kernel refuses and that say nothing about who may speak to whom: limits, marks, translation. Denying in their place would help nobody, so they
/// are left out, told, and everything else is in force. Each is of an endpoint or of the pools, and is tried again when that changes.
/// </summary>
internal sealed class LeftOutRules
{
    /// <summary>A comment may be cut: it is not certain whose it is.</summary>
    private const int LongestName = 100;

    private static readonly HashSet<string> Chains = new(StringComparer.Ordinal)
    {
        LimitChains.From, LimitChains.To, LimitChains.Dscp, NetworkChains.FloatingTo, NetworkChains.Prerouting, NetworkChains.Output, NetworkChains.Postrouting, NetworkChains.TunnelRawIn, NetworkChains.TunnelRawOut,
    };

    // A rule without a comment is all of its chain.
    private readonly Dictionary<(string Chain, string Rule, IpFamily? Family), string> reasons = [];

    /// <summary>Another number when others are left out.</summary>
    public int Version { get; private set; }

    /// <summary>By the name that an operator knows: <c>ingressPacketRate of default/h1-k8s-w0-eth0</c>, <c>natOutgoing, IPv6</c>.</summary>
    public IReadOnlyDictionary<string, string> Reasons => reasons.GroupBy(r => NameOf(r.Key.Chain, r.Key.Rule, r.Key.Family)).ToDictionary(g => g.Key, g => g.First().Value, StringComparer.Ordinal);

    /// <summary>A fault is about a rule that may be left out, if the chain that it names is the one of an endpoint or of all.</summary>
    public static bool May(NftFault fault) => fault.Chain is { } chain
        && (Chains.Contains(chain) || (fault.Rule is { } rule && (LimitChains.IsOfConnections(rule) || (chain == LimitChains.TooMany && rule == LimitChains.Reset))));

    /// <summary>Returns false when it is left out already.</summary>
    /// <param name="fault">The rule; without a rule the whole chain.</param>
    /// <param name="reason">In the kernel's words.</param>
    /// <param name="family">The one in which it was refused; null for both.</param>
    public bool Add(NftFault fault, string reason, IpFamily? family)
    {
        bool added = reasons.TryAdd((fault.Chain!, fault.Rule ?? "", family), reason);
        if (added) Version++;
        return added;
    }

    /// <summary>What is left of a chain; null when nothing is of what was there.</summary>
    public RenderedChain? Rest(RenderedChain chain, IpFamily? family)
    {
        if (reasons.Count == 0 || chain.Rules.IsEmpty) return chain;
        EquatableArray<NftRule> rest = Rest(chain.Name, chain.Rules, family);
        return rest.Count == chain.Rules.Count ? chain : rest.IsEmpty ? null : chain with { Rules = rest };
    }

    /// <inheritdoc cref="Rest(RenderedChain, IpFamily?)"/>
    public EquatableArray<NftRule> Rest(string chain, EquatableArray<NftRule> rules, IpFamily? family)
    {
        if (reasons.Count == 0) return rules;
        if (reasons.ContainsKey((chain, "", family))) return default;
        return rules.Where(r => !reasons.ContainsKey((chain, r.Comment, family))).ToEquatableArray();
    }

    /// <summary>An endpoint's are tried again.</summary>
    public void Open(EndpointPolicy endpoint) => Open(rule => rule.Length > LongestName || rule.Contains($" of {endpoint.DisplayName}", StringComparison.Ordinal));

    /// <summary>Those that are of no endpoint are tried again.</summary>
    public void OpenShared() => Open(rule => !rule.Contains(" of ", StringComparison.Ordinal));

    public void OpenAll() => Open(_ => true);

    private void Open(Func<string, bool> which)
    {
        foreach ((string, string Rule, IpFamily?) key in reasons.Keys.Where(key => which(key.Rule)).ToArray())
        {
            reasons.Remove(key);
            Version++;
        }
    }

    private static string NameOf(string chain, string rule, IpFamily? family) =>
        $"{(rule.Length > 0 ? rule : $"chain {chain}")}{(family is { } one ? $", {(one == IpFamily.V4 ? "IPv4" : "IPv6")}" : "")}";
}
