using Canal.Core;
using Canal.Felix.Dataplane.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>A chain of the nftables table in iptables' words, for one family.</summary>
/// <param name="Source">The chain.</param>
/// <param name="Chains">The chain, the chains of its rules' steps, and of what comes after it has asked a map.</param>
/// <param name="Calls">The chains of the nftables table that it jumps or goes to.</param>
/// <param name="Dispatches">The maps it asks.</param>
/// <param name="Wrong">Why it cannot be said and denies instead; null when all is well.</param>
internal sealed record TranslatedChain(RenderedChain Source, EquatableArray<IptablesChain> Chains, EquatableArray<string> Calls, EquatableArray<Dispatch> Dispatches, string? Wrong = null);

/// <summary>A chain asks a map.</summary>
/// <param name="Map">The map.</param>
/// <param name="Option"><c>-i</c> or <c>-o</c>.</param>
/// <param name="Rest">The iptables chain of the rules after it.</param>
internal sealed record Dispatch(string Map, string Option, string Rest);
