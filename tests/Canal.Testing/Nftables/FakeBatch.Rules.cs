using System.Buffers.Binary;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing.Nftables;

/// <summary>Rules: their place, and what they refer to.</summary>
internal sealed partial class FakeBatch
{
    private void AddRule(FakeTable table, NetlinkAttributes attributes, ushort flags)
    {
        FakeChain chain = Chain(table, NftMessageReading.Text(attributes.Find(NFTA_RULE_CHAIN)));
        NftTableRule told = NftMessageReading.ReadRule(attributes);
        FakeExpressions expressions = FakeExpressions.Read(attributes.Find(NFTA_RULE_EXPRESSIONS), (name, id) => LookupSet(table, name, id),
            verdict => Target(table, verdict));
        FakeRule rule = new(attributes.Find(NFTA_RULE_EXPRESSIONS).ToArray(), expressions.Sets, expressions.Chains);
        if ((flags & NLM_F_REPLACE) != 0)
        {
            int at = FindRule(chain, told.Handle);
            rule.Told = told;
            Remove(chain, at);
            Insert(chain, at, rule);
            return;
        }
        if ((flags & NLM_F_CREATE) == 0) throw new FakeRefusal(Errno.EINVAL);
        bool append = (flags & NLM_F_APPEND) != 0;
        int place = append ? chain.Rules.Count : 0;
        if (attributes.Find(NFTA_RULE_POSITION) is { Length: 8 } position)
            place = FindRule(chain, BinaryPrimitives.ReadUInt64BigEndian(position)) + (append ? 1 : 0);
        rule.Told = told with { Handle = ++table.LastHandle };
        Insert(chain, place, rule);
    }

    private void DeleteRules(FakeTable table, NetlinkAttributes attributes)
    {
        FakeChain chain = Chain(table, NftMessageReading.Text(attributes.Find(NFTA_RULE_CHAIN)));
        if (attributes.Find(NFTA_RULE_HANDLE) is { Length: 8 } handle)
            Remove(chain, FindRule(chain, BinaryPrimitives.ReadUInt64BigEndian(handle)));
        else
            Flush(chain);
    }

    private void Flush(FakeChain chain)
    {
        for (int i = chain.Rules.Count - 1; i >= 0; i--) Remove(chain, i);
    }

    private void Insert(FakeChain chain, int place, FakeRule rule) => Do(
        () =>
        {
            chain.Rules.Insert(place, rule);
            Hold(rule);
        },
        () =>
        {
            chain.Rules.RemoveAt(place);
            LetGo(rule);
        });

    private void Remove(FakeChain chain, int place)
    {
        FakeRule rule = chain.Rules[place];
        Do(
            () =>
            {
                chain.Rules.RemoveAt(place);
                LetGo(rule);
            },
            () =>
            {
                chain.Rules.Insert(place, rule);
                Hold(rule);
            });
    }

    private static void Hold(FakeRule rule)
    {
        foreach (FakeChain target in rule.Chains) target.Use++;
        foreach (FakeSet set in rule.Sets)
        {
            set.Users.Add(rule);
            set.WasBound = true;
        }
    }

    private static void LetGo(FakeRule rule)
    {
        foreach (FakeChain target in rule.Chains) target.Use--;
        foreach (FakeSet set in rule.Sets) set.Users.Remove(rule);
    }

    private static int FindRule(FakeChain chain, ulong handle)
    {
        int at = chain.Rules.FindIndex(rule => rule.Told.Handle == handle);
        return at >= 0 ? at : throw new FakeRefusal(Errno.ENOENT);
    }

    /// <summary>By name; the name of an anonymous set finds nothing, then by its id in the batch.</summary>
    private FakeSet LookupSet(FakeTable table, string name, uint id) =>
        table.Sets.GetValueOrDefault(name) ?? byId.GetValueOrDefault(id) ?? throw new FakeRefusal(Errno.ENOENT);
}
