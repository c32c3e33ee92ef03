using Canal.Core;
using Canal.Linux.Nftables;

namespace Canal.FlannelBridge.Rules;

/// <summary>A base chain with its rules.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Base">Where the kernel calls it.</param>
/// <param name="Rules">In their order.</param>
internal sealed record RuleChain(string Name, NftBaseChain Base, EquatableArray<NftRule> Rules);
