using Canal.Linux.Nftables;

namespace Canal.FlannelBridge.Rules;

/// <summary>The rules in a table of our own. It is small: where it differs it is made anew, in one transaction.</summary>
internal sealed class NftablesRules(INftables nftables, string name) : RuleTable
{
    private NetworkRules? inForce;
    private bool inDoubt = true;

    /// <summary>Takes the table away, for when the rules are elsewhere now.</summary>
    /// <exception cref="NftException">The kernel refused.</exception>
    public void Remove()
    {
        if (nftables.ReadOutline(name) is not null) Write(isPresent: true, []);
    }

    public override void Doubt() => inDoubt = true;

    public override bool Apply(NetworkRules wanted)
    {
        if (!inDoubt && wanted == inForce) return false;
        inDoubt = true;
        RuleChain[] chains = [.. wanted.Chains()];
        NftTable? present = nftables.Read(name);
        bool same = chains.Length == 0 ? present is null : present is not null && Equal(present, chains);
        if (!same) Write(present is not null, chains);
        (inForce, inDoubt) = (wanted, false);
        return !same;
    }

    private static bool Equal(NftTable present, RuleChain[] wanted) => present.Sets.Count == 0 && present.Chains.Count == wanted.Length && wanted.All(chain =>
        present.Chains.TryGetValue(chain.Name, out NftTableChain? held) && held.Base == chain.Base && held.Rules.Select(r => r.Identity).SequenceEqual(chain.Rules.Select(r => r.Identity)));

    private void Write(bool isPresent, RuleChain[] chains)
    {
        NftTransaction transaction = new(name);
        if (isPresent) transaction.DeleteTable();
        if (chains.Length > 0) transaction.AddTable();
        foreach (RuleChain chain in chains)
        {
            transaction.AddChain(chain.Name, chain.Base);
            foreach (NftRule rule in chain.Rules) transaction.AddRule(chain.Name, rule);
        }
        nftables.Commit(transaction);
    }
}
