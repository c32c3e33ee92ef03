using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// Writes the expressions of a rule in the order in which the packet meets them, as nft would, so that nft's listing reads naturally. A match that fails
/// ends the rule; the verdict comes last. Matches of the network header need <see cref="NfProto"/> before them in the rule, matches of the transport
/// header <see cref="L4Proto(byte, NftOperator)"/>: without those a packet of another protocol would be read wrongly. May be used for one rule after
/// another; not thread-safe.
/// </summary>
/// <remarks>Methods throw <see cref="InvalidOperationException"/> or <see cref="ArgumentException"/> for what no rule can be: faults of the program.</remarks>
public sealed partial class NftRuleBuilder
{
    private readonly NetlinkBuffer buffer = new(512);
    private readonly List<NftAnonymousLookup> lookups = [];
    private int count;
    private int counterOffset = -1;
    private IpFamily? family;
    private bool transportKnown;

    /// <summary>The rule, with a comment; the builder is then empty again.</summary>
    public NftRule Build(string? comment = null)
    {
        if (count > MaxExpressions) throw new InvalidOperationException($"a rule has at most {MaxExpressions} expressions, not {count}");
        if (buffer.Length > ushort.MaxValue - 64) throw new InvalidOperationException($"a rule of {buffer.Length} bytes does not fit its attribute");
        NftRule rule = new(buffer.Written.ToArray(), counterOffset, lookups.Count == 0 ? [] : [.. lookups], comment);
        Clear();
        return rule;
    }

    /// <summary>Forgets what was written.</summary>
    public void Clear()
    {
        buffer.Clear();
        lookups.Clear();
        (count, counterOffset, family, transportKnown) = (0, -1, null, false);
    }

    private NftExpressionWriter Expressions(int added = 1)
    {
        count += added;
        return new NftExpressionWriter(buffer);
    }

    private NftRuleBuilder Lookup(NftAnonymousSet set, NftOperator operation)
    {
        int place = Expressions().AnonymousLookup(operation);
        lookups.Add(new NftAnonymousLookup(place, set));
        return this;
    }

    private static void RequireKey(NftSet set, NftKeyType key)
    {
        if (set.Key != key) throw new ArgumentException($"set {set.Name} holds {set.Key}, not {key}", nameof(set));
    }

    private static void RequireMembers(NftSet set, NftKeyType key)
    {
        RequireKey(set, key);
        if (set.IsMap) throw new ArgumentException($"{set.Name} is a verdict map; match in it by a vmap lookup", nameof(set));
    }

    private void RequireFamily(IpFamily needed)
    {
        if (family != needed) throw new InvalidOperationException($"a match of an IP{needed} header needs NfProto({needed}) before it");
    }

    private void RequireTransport()
    {
        if (!transportKnown) throw new InvalidOperationException("a match of a transport header needs L4Proto before it");
    }
}
