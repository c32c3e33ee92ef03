using Canal.Core;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>A chain of ours as it should be.</summary>
/// <param name="Name">Its name in iptables.</param>
/// <param name="Source">The name in the nftables table that it comes from; what counters are told under.</param>
/// <param name="Rules">Its rules, in order.</param>
internal sealed record IptablesChain(string Name, string Source, EquatableArray<IptablesRule> Rules)
{
    /// <summary>What its rules are known again by.</summary>
    public EquatableArray<string> Identities { get; } = Rules.Select(r => r.Identity).ToEquatableArray();
}
