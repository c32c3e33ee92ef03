namespace Canal.Linux.Nftables;

/// <summary>The keys from first to last, both included; most often one.</summary>
public readonly record struct NftRange(ReadOnlyMemory<byte> First, ReadOnlyMemory<byte> Last)
{
    /// <summary>Of one key.</summary>
    public NftRange(byte[] key) : this(key, key)
    {
    }
}
