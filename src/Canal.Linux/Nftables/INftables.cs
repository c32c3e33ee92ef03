namespace Canal.Linux.Nftables;

/// <summary>
/// The nf_tables of one network namespace, as far as tables of family inet go: the kernel's, or a fake that behaves as the kernel does. Synchronous,
/// because the kernel is; one user at a time.
/// </summary>
public interface INftables
{
    /// <summary>Commits the transaction whole or not at all. An empty one costs nothing.</summary>
    /// <exception cref="NftException">Refused (nothing has changed), or the outcome is unknown.</exception>
    void Commit(NftTransaction transaction);

    /// <summary>Flags of a table; null when there is no such table.</summary>
    NftTableFlags? ReadFlags(string table);

    /// <summary>Everything in a table at one moment; null when there is no such table. Big hash sets are slow to dump (0.2 s for 100,000 elements).</summary>
    NftTable? Read(string table);

    /// <summary>The same without elements: their sets' <see cref="NftTableSet.Elements"/> is null.</summary>
    NftTable? ReadOutline(string table);

    /// <summary>The elements of one set.</summary>
    /// <exception cref="NftException">ENOENT: there is no such set.</exception>
    NftElements ReadElements(string table, string set);

    /// <summary>The rules of one chain in their order, with counters; empty when there is no such chain.</summary>
    IReadOnlyList<NftTableRule> ReadRules(string table, string chain);

    /// <summary>A number that every change in the namespace, by anyone and in any table, makes another.</summary>
    uint Generation();
}
