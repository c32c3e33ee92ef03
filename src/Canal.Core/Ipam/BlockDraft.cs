using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>A block while it is being changed. Ordinals count from its first address.</summary>
internal sealed class BlockDraft
{
    private readonly IpamBlock original;
    private readonly List<int?> allocations;
    private readonly List<int> unallocated;
    private readonly List<IpamAttribute> attributes;
    private readonly SortedDictionary<int, ulong> sequences = [];

    public BlockDraft(IpamBlock block)
    {
        original = block;
        Affinity = block.Affinity;
        ClaimTime = block.AffinityClaimTime;
        allocations = [.. block.Allocations.AsSpan()];
        unallocated = [.. block.Unallocated.AsSpan()];
        attributes = [.. block.Attributes.AsSpan()];
        foreach (AllocationSequence sequence in block.SequenceNumbers) sequences[sequence.Ordinal] = sequence.Number;
    }

    public BlockOwner? Affinity { get; set; }

    public string? ClaimTime { get; set; }

    public bool IsEmpty => unallocated.Count == allocations.Count;

    /// <summary>A block nobody has had, with all its addresses free.</summary>
    public static IpamBlock New(Cidr cidr, BlockOwner owner, IpamTime now)
    {
        int size = 1 << (cidr.Family.Bits - cidr.Length);
        return new IpamBlock
        {
            Cidr = cidr,
            Affinity = owner,
            AffinityClaimTime = now.Text,
            Allocations = new int?[size].ToEquatableArray(),
            Unallocated = Enumerable.Range(0, size).ToEquatableArray(),
            SequenceNumber = now.Sequence,
        };
    }

    /// <summary>Assigns up to <paramref name="count"/> free addresses, longest free first, that are not reserved.</summary>
    public List<AssignedAddress> Take(int count, IpamAttribute attribute, Func<IpAddress, bool> isReserved)
    {
        List<AssignedAddress> taken = [];
        for (int i = 0; i < unallocated.Count && taken.Count < count;)
        {
            int ordinal = unallocated[i];
            if (isReserved(original.Cidr.AddressAt((UInt128)ordinal))) i++;
            else taken.Add(Take(i, ordinal, attribute));
        }
        return taken;
    }

    /// <summary>Assigns this very address; null when it is not free.</summary>
    public AssignedAddress? Take(IpAddress address, IpamAttribute attribute)
    {
        int ordinal = (int)original.Cidr.OffsetOf(address);
        int at = unallocated.IndexOf(ordinal);
        return at < 0 ? null : Take(at, ordinal, attribute);
    }

    private AssignedAddress Take(int index, int ordinal, IpamAttribute attribute)
    {
        unallocated.RemoveAt(index);
        int at = attributes.IndexOf(attribute);
        if (at < 0)
        {
            at = attributes.Count;
            attributes.Add(attribute);
        }
        allocations[ordinal] = at;
        sequences[ordinal] = original.SequenceNumber;
        return new AssignedAddress(original.Cidr.AddressAt((UInt128)ordinal), original.Cidr, original.SequenceNumber);
    }

    /// <summary>Why an address is assigned; null when it is free.</summary>
    public IpamAttribute? Find(int ordinal) => allocations[ordinal] is { } at ? attributes[at] : null;

    /// <summary>The sequence number of an assignment; 0 for those of old releases, which kept none.</summary>
    public ulong SequenceOf(int ordinal) => sequences.GetValueOrDefault(ordinal);

    /// <summary>The assigned ordinals that a handle has.</summary>
    public List<int> OrdinalsOf(string handleId)
    {
        List<int> ordinals = [];
        for (int ordinal = 0; ordinal < allocations.Count; ordinal++)
            if (Find(ordinal)?.HandleId == handleId) ordinals.Add(ordinal);
        return ordinals;
    }

    /// <summary>Makes an assigned address free; it is the last to be assigned again.</summary>
    public void Release(int ordinal)
    {
        int at = allocations[ordinal] ?? throw new InvalidOperationException($"{original.Cidr.AddressAt((UInt128)ordinal)} is not assigned");
        allocations[ordinal] = null;
        unallocated.Add(ordinal);
        sequences.Remove(ordinal);
        if (!allocations.Contains(at)) Forget(at);
    }

    // Nobody has this attribute any more; the indexes behind it move up.
    private void Forget(int attribute)
    {
        attributes.RemoveAt(attribute);
        for (int i = 0; i < allocations.Count; i++)
            if (allocations[i] > attribute) allocations[i]--;
    }

    /// <summary>The block to write.</summary>
    public IpamBlock ToBlock() => original with
    {
        Affinity = Affinity,
        AffinityClaimTime = ClaimTime,
        Allocations = allocations.ToEquatableArray(),
        Unallocated = unallocated.ToEquatableArray(),
        Attributes = attributes.ToEquatableArray(),
        SequenceNumber = unchecked(original.SequenceNumber + 1),
        SequenceNumbers = sequences.Select(entry => new AllocationSequence(entry.Key, entry.Value)).ToEquatableArray(),
    };
}
