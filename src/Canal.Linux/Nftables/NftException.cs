namespace Canal.Linux.Nftables;

/// <summary>
/// The kernel refused a transaction or a read. The message is a sentence: what was asked, what the kernel said, at which field. After a refusal nothing of the
/// transaction remains; decide on <see cref="Errno"/> and <see cref="OutcomeUnknown"/>, never on text.
/// </summary>
public sealed class NftException(string message, int errno, bool outcomeUnknown = false, IReadOnlyList<NftFault>? faults = null) : Exception(message)
{
    /// <summary>What the refused messages were about, in their order; what follows the first may be its consequence. Empty for a read.</summary>
    public IReadOnlyList<NftFault> Faults { get; } = faults ?? [];

    /// <summary>The positive error number of the first error; what follows it is noise.</summary>
    public int Errno { get; } = errno;

    /// <summary>True when the kernel's answer was lost: the transaction may have been committed, what it holds must be read again.</summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;
}
