using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing.Nftables;

/// <summary>What the kernel checks of a whole table before it commits: no loop, no jump too deep, no expression in a hook where it means nothing.</summary>
internal static class FakeValidation
{
    internal static void Validate(FakeTable table)
    {
        foreach (FakeChain chain in table.Chains.Values)
        {
            if (chain.Base is null) continue;
            Dictionary<FakeChain, int> deepest = [];
            Walk(chain, chain.Base, 0, deepest);
        }
    }

    /// <summary>A chain is walked again only when it is reached deeper than before; a loop gets deeper for ever.</summary>
    private static void Walk(FakeChain chain, NftBaseChain from, int level, Dictionary<FakeChain, int> deepest)
    {
        if (level == MaxJumpDepth) throw new FakeRefusal(Errno.EMLINK);
        if (deepest.TryGetValue(chain, out int before) && before >= level) return;
        deepest[chain] = level;
        foreach (FakeRule rule in chain.Rules)
        {
            CheckHooks(rule, from);
            foreach (FakeChain target in rule.Chains) Walk(target, from, level + 1, deepest);
            foreach (FakeSet set in rule.Sets)
            {
                foreach ((_, FakeChain? target) in set.Keys.Values)
                    if (target is not null) Walk(target, from, level + 1, deepest);
            }
        }
    }

    private static void CheckHooks(FakeRule rule, NftBaseChain chain)
    {
        foreach (NetlinkAttribute expression in new NetlinkAttributes(rule.Expressions))
        {
            string name = NftMessageReading.Text(expression.Nested.Find(NFTA_EXPR_NAME));
            NetlinkAttributes data = new(expression.Nested.Find(NFTA_EXPR_DATA));
            bool allowed = name switch
            {
                "masq" => chain is { Type: NftChainType.Nat, Hook: NftHook.Postrouting },
                "nat" => chain.Type == NftChainType.Nat && IsNatHook(NftMessageReading.UInt32(data.Find(NFTA_NAT_TYPE), 0), chain.Hook),
                "reject" => chain.Hook != NftHook.Postrouting,
                "fib" when NftMessageReading.UInt32(data.Find(NFTA_FIB_RESULT), 0) == NFT_FIB_RESULT_OIF =>
                    chain.Hook is NftHook.Prerouting or NftHook.Input or NftHook.Forward,
                _ => true,
            };
            if (!allowed) throw new FakeRefusal(Errno.ENOTSUP);
        }
    }

    private static bool IsNatHook(uint type, NftHook hook) =>
        type == 0 ? hook is NftHook.Postrouting or NftHook.Input : hook is NftHook.Prerouting or NftHook.Output;
}
