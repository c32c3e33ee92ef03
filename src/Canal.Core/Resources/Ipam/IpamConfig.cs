namespace Canal.Core.Resources;

/// <summary>Settings of IPAM. In a stored value an absent field is false or zero; only an absent key means <see cref="Default"/>.</summary>
public sealed record IpamConfig
{
    /// <summary>What holds while there is no key.</summary>
    public static IpamConfig Default { get; } = new() { AutoAllocateBlocks = true };

    public bool StrictAffinity { get; init; }

    public bool AutoAllocateBlocks { get; init; }

    /// <summary>0: no limit is set.</summary>
    public int MaxBlocksPerHost { get; init; }

    /// <summary>Fields this program does not know, written back as they were.</summary>
    public EquatableArray<RawField> Others { get; init; }
}
