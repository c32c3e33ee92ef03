using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>A rule of the fake kernel: the bytes it came as, and what it holds on to.</summary>
internal sealed class FakeRule(byte[] expressions, IReadOnlyList<FakeSet> sets, IReadOnlyList<FakeChain> chains)
{
    internal byte[] Expressions { get; } = expressions;

    /// <summary>Of the lookups, in their order; anonymous ones too.</summary>
    internal IReadOnlyList<FakeSet> Sets { get; } = sets;

    /// <summary>Targets of jump and goto.</summary>
    internal IReadOnlyList<FakeChain> Chains { get; } = chains;

    /// <summary>What a read tells: handle, identity, comment, counter.</summary>
    internal NftTableRule Told { get; set; }

    public override string ToString()
    {
        List<string> anonymous = [];
        foreach (FakeSet set in Sets)
            if (set.IsAnonymous) anonymous.Add(set.ElementText());
        return NftRuleText.Format(Expressions, anonymous, Told.Comment, Told.Counter);
    }
}
