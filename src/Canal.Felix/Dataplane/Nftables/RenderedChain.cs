using Canal.Core;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>A chain as it should be.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Comment">What it is for; may be empty.</param>
/// <param name="Rules">Its rules, in order.</param>
/// <param name="Base">Where it hangs; null for a regular chain.</param>
internal sealed record RenderedChain(string Name, string Comment, EquatableArray<NftRule> Rules, NftBaseChain? Base = null);
