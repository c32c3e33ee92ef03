using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Takes a table away without losing a packet that it allows. First what hangs on hooks: while a table goes, a packet on its way through it still meets the old
/// rules but finds the maps empty, and what is in no map is denied.
/// </summary>
internal static class TableRemoval
{
    /// <summary>Returns whether there was such a table.</summary>
    /// <exception cref="NftException">The kernel refuses.</exception>
    public static bool Run(INftables kernel, string table)
    {
        if (kernel.ReadFlags(table) is null || kernel.ReadOutline(table) is not { } held) return false;
        NftTransaction transaction = new(table);
        foreach ((string name, NftTableChain chain) in held.Chains)
        {
            if (chain.Base is null) continue;
            transaction.FlushChain(name);
            transaction.DeleteChain(name);
        }
        kernel.Commit(transaction);
        transaction.Clear();
        transaction.DeleteTable();
        kernel.Commit(transaction);
        return true;
    }
}
