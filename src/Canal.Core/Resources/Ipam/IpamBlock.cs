using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A block of addresses and who has them. Ordinals count from the block's first address.</summary>
public sealed record IpamBlock
{
    public required Cidr Cidr { get; init; }

    /// <summary>Null: nobody's.</summary>
    public BlockOwner? Affinity { get; init; }

    /// <summary>RFC 3339 as stored.</summary>
    public string? AffinityClaimTime { get; init; }

    /// <summary>For each address an index into <see cref="Attributes"/>, or null when it is free.</summary>
    public EquatableArray<int?> Allocations { get; init; }

    /// <summary>Free ordinals; the first is the next to be assigned, a released one goes to the end.</summary>
    public EquatableArray<int> Unallocated { get; init; }

    public EquatableArray<IpamAttribute> Attributes { get; init; }

    /// <summary>Grows by one with each update; 0 in old blocks.</summary>
    public ulong SequenceNumber { get; init; }

    /// <summary>In order of the ordinals.</summary>
    public EquatableArray<AllocationSequence> SequenceNumbers { get; init; }

    public bool Deleted { get; init; }

    /// <summary>Fields this program does not know, written back as they were.</summary>
    public EquatableArray<RawField> Others { get; init; }
}
