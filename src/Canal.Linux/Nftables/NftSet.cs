namespace Canal.Linux.Nftables;

/// <summary>
/// Description of a named set or verdict map. The kernel keeps it unchanged for the life of the set: another description needs another name, or
/// delete and add in one transaction.
/// </summary>
/// <param name="Name">At most 255 bytes; nft can list it when it is letters, digits, <c>/ \ _ .</c> and begins with a letter.</param>
/// <param name="Key">Type of the elements.</param>
/// <param name="Flags">Interval and/or VerdictMap; a concatenated key cannot be Interval.</param>
/// <param name="Size">Hard limit of elements and first size of the hash table; 0 for none. Twice the expected number halves the time to fill it.</param>
/// <param name="Comment">Shown by nft; at most 127 bytes, cut when longer.</param>
public sealed record NftSet(string Name, NftKeyType Key, NftSetFlags Flags = NftSetFlags.None, uint Size = 0, string? Comment = null)
{
    /// <summary>Shown by nft; null for none. At most 127 bytes, cut when longer.</summary>
    public string? Comment { get; } = NftUserData.Clean(Comment) is { Length: > 0 } text ? text : null;

    public bool IsInterval => (Flags & NftSetFlags.Interval) != 0;

    public bool IsMap => (Flags & NftSetFlags.VerdictMap) != 0;
}
