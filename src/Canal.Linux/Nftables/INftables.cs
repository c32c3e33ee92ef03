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
}
