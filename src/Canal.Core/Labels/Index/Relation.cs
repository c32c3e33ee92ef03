namespace Canal.Core.Labels;

/// <summary>Which keys each owner has, readable both ways: an owner's keys as one span, a key's owners as a linked list.</summary>
/// <remarks>
/// Owners and keys are small non-negative numbers. 16 bytes for each key of an owner, 8 for each owner and key; adding and removing one takes constant time. An owner's keys lie
/// side by side in a block; a freed block serves the next owner with as many keys, or is split.
/// </remarks>
internal sealed class Relation
{
    private const int None = -1;

    private Row[] rows = [];
    private List[] lists = [];
    private int[] keys = [];
    private Slot[] slots = [];
    private int used;

    // By length: one more than the first slot of the first free block. The next follows in the slot's old.
    private int[] freeBlocks = [];

    /// <summary>The owner's keys, in the order given to <see cref="Set"/>. Valid until the next change.</summary>
    public ReadOnlySpan<int> this[int owner]
    {
        get
        {
            if (owner >= rows.Length)
                return [];
            Row row = rows[owner];
            return keys.AsSpan(row.Offset, row.Length);
        }
    }

    /// <summary>How many owners have the key.</summary>
    public int Count(int key) => key < lists.Length ? lists[key].Count : 0;

    /// <summary>The first slot of the key's list of owners, or -1.</summary>
    public int First(int key) => key < lists.Length ? lists[key].FirstPlusOne - 1 : None;

    /// <summary>The next slot of the same list, or -1.</summary>
    public int Next(int slot) => slots[slot].Next;

    /// <summary>The owner at a slot.</summary>
    public int Owner(int slot) => slots[slot].Owner;

    /// <summary>Gives the owner these keys, which must be distinct, in place of those it had.</summary>
    public void Set(int owner, ReadOnlySpan<int> newKeys)
    {
        Growth.EnsureIndex(ref rows, owner);
        ref Row row = ref rows[owner];
        Unlink(row);
        if (row.Length != newKeys.Length)
        {
            Free(row);
            row = new Row { Offset = Allocate(newKeys.Length), Length = newKeys.Length };
        }
        newKeys.CopyTo(keys.AsSpan(row.Offset));
        Link(owner, row);
    }

    private void Link(int owner, Row row)
    {
        for (int slot = row.Offset; slot < row.Offset + row.Length; slot++)
        {
            int key = keys[slot];
            Growth.EnsureIndex(ref lists, key);
            ref List list = ref lists[key];
            int first = list.FirstPlusOne - 1;
            slots[slot] = new Slot { Owner = owner, Next = first, Previous = None };
            if (first >= 0)
                slots[first].Previous = slot;
            list.FirstPlusOne = slot + 1;
            list.Count++;
        }
    }

    private void Unlink(Row row)
    {
        for (int slot = row.Offset; slot < row.Offset + row.Length; slot++)
        {
            Slot old = slots[slot];
            ref List list = ref lists[keys[slot]];
            if (old.Previous >= 0)
                slots[old.Previous].Next = old.Next;
            else
                list.FirstPlusOne = old.Next + 1;
            if (old.Next >= 0)
                slots[old.Next].Previous = old.Previous;
            list.Count--;
        }
    }

    private int Allocate(int length)
    {
        if (length == 0)
            return 0;
        int offset = TakeFree(length, length);
        // A block of twice the length or more may be split; a smaller remainder would be of little use.
        for (int longer = 2 * length; offset == None && longer < freeBlocks.Length && longer <= 4 * length; longer++)
            offset = TakeFree(longer, length);
        if (offset != None)
            return offset;
        offset = used;
        used += length;
        Growth.EnsureIndex(ref keys, used - 1);
        Growth.EnsureIndex(ref slots, used - 1);
        return offset;
    }

    private int TakeFree(int blockLength, int length)
    {
        if (blockLength >= freeBlocks.Length || freeBlocks[blockLength] == 0)
            return None;
        int offset = freeBlocks[blockLength] - 1;
        freeBlocks[blockLength] = slots[offset].Next;
        if (blockLength > length)
            Free(new Row { Offset = offset + length, Length = blockLength - length });
        return offset;
    }

    private void Free(Row block)
    {
        if (block.Length == 0)
            return;
        Growth.EnsureIndex(ref freeBlocks, block.Length);
        slots[block.Offset].Next = freeBlocks[block.Length];
        freeBlocks[block.Length] = block.Offset + 1;
    }

    private struct Row
    {
        public int Offset;
        public int Length;
    }

    private struct List
    {
        public int FirstPlusOne;
        public int Count;
    }

    private struct Slot
    {
        public int Owner;
        public int Next;
        public int Previous;
    }
}
