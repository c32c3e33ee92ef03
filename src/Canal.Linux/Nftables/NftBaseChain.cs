namespace Canal.Linux.Nftables;

/// <summary>What makes a chain a base chain. The kernel lets only the policy change later; another hook or priority needs another chain.</summary>
/// <param name="Type">filter, nat or route.</param>
/// <param name="Hook">Where it hangs.</param>
/// <param name="Priority">Order among the chains of one hook: raw -300, conntrack -200, mangle -150, dstnat -100, filter 0, srcnat 100.</param>
/// <param name="Policy">Verdict at the end of the chain.</param>
public sealed record NftBaseChain(NftChainType Type, NftHook Hook, int Priority, NftPolicy Policy = NftPolicy.Accept);
