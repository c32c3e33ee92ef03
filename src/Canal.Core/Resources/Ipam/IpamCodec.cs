using System.Text.Json;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads IPAM's values. As with resources, bad data gives problems and no value, never an exception.</summary>
public static class IpamCodec
{
    private delegate T? Read<T>(ref JsonScanner json) where T : class;

    public static Decoded<IpamBlock> DecodeBlock(ReadOnlySpan<byte> json) => Decode(json, ReadBlock);

    /// <summary>Reads an affinity; an empty value is an old one without a state.</summary>
    public static Decoded<IpamAffinity> DecodeAffinity(ReadOnlySpan<byte> json) =>
        json.IsEmpty ? new Decoded<IpamAffinity>(new IpamAffinity(AffinityState.Unset), default) : Decode(json, ReadAffinity);

    public static Decoded<IpamHandle> DecodeHandle(ReadOnlySpan<byte> json) => Decode(json, ReadHandle);

    public static Decoded<IpamConfig> DecodeConfig(ReadOnlySpan<byte> json) => Decode(json, ReadConfig);

    private static Decoded<T> Decode<T>(ReadOnlySpan<byte> json, Read<T> read) where T : class
    {
        JsonScanner scanner = new(json, null);
        try
        {
            scanner.Start();
            if (scanner.IsNull) scanner.Fail("is null, not an object");
            T? value = scanner.BeginObject() ? read(ref scanner) : null;
            if (!scanner.Failed) scanner.Finish();
            return new Decoded<T>(scanner.Failed ? null : value, scanner.Problems);
        }
        catch (JsonException broken)
        {
            return new Decoded<T>(null, [new Problem("", $"is not JSON: {broken.Message}")]);
        }
        catch (InvalidOperationException)
        {
            // As in ResourceCodec.
            return new Decoded<T>(null, [new Problem("", "holds text that is not valid UTF-8")]);
        }
    }

    private static IpamBlock? ReadBlock(ref JsonScanner json)
    {
        IpamBlock block = new() { Cidr = default };
        List<RawField> others = [];
        while (json.NextField())
        {
            if (json.Is("cidr"u8)) block = block with { Cidr = json.CidrOrDrop() ?? default };
            else if (json.Is("affinity"u8)) block = block with { Affinity = ReadOwner(ref json) };
            else if (json.Is("affinity_claim_time"u8)) block = block with { AffinityClaimTime = json.IsNull ? null : json.Text() };
            else if (json.Is("allocations"u8)) block = block with { Allocations = ReadAllocations(ref json) };
            else if (json.Is("unallocated"u8)) block = block with { Unallocated = ReadOrdinals(ref json) };
            else if (json.Is("attributes"u8)) block = block with { Attributes = ReadAttributes(ref json) };
            else if (json.Is("sequenceNumber"u8)) block = block with { SequenceNumber = json.Unsigned() ?? 0 };
            else if (json.Is("sequenceNumberForAllocation"u8)) block = block with { SequenceNumbers = ReadSequences(ref json) };
            else if (json.Is("deleted"u8)) block = block with { Deleted = json.Flag() };
            else others.Add(new RawField(json.FieldName(), json.Raw()));
        }
        Check(ref json, block);
        return block with { Others = others.ToEquatableArray() };
    }

    // What a reader would otherwise index by.
    private static void Check(ref JsonScanner json, IpamBlock block)
    {
        if (json.Failed) return;
        if (block.Cidr == default)
        {
            json.FailAt("cidr", "is missing");
            return;
        }
        int hostBits = block.Cidr.Family.Bits - block.Cidr.Length;
        if (hostBits < 24 && block.Allocations.Count != 1 << hostBits)
            json.FailAt("allocations", $"has {block.Allocations.Count} entries for {block.Cidr}");
        for (int i = 0; i < block.Allocations.Count; i++)
            if (block.Allocations[i] >= block.Attributes.Count) json.FailAt($"allocations[{i}]", "is not the index of an attribute");
        for (int i = 0; i < block.Unallocated.Count; i++)
            if (block.Unallocated[i] >= block.Allocations.Count) json.FailAt($"unallocated[{i}]", "is not in the block");
    }

    private static BlockOwner? ReadOwner(ref JsonScanner json)
    {
        string text = json.Text();
        if (BlockOwner.TryParse(text, out BlockOwner owner)) return owner;
        if (text.Length > 0) json.Fail($"{Problem.Quote(text)} is not an owner");
        return null;
    }

    private static EquatableArray<int?> ReadAllocations(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<int?> allocations = [];
        while (json.NextItem()) allocations.Add((int?)json.Integer(0, int.MaxValue));
        return allocations.ToEquatableArray();
    }

    private static EquatableArray<int> ReadOrdinals(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<int> ordinals = [];
        while (json.NextItem()) ordinals.Add((int)(json.Integer(0, int.MaxValue) ?? 0));
        return ordinals.ToEquatableArray();
    }

    private static EquatableArray<IpamAttribute> ReadAttributes(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<IpamAttribute> attributes = [];
        while (json.NextItem())
        {
            IpamAttribute attribute = new();
            if (json.BeginObject())
                while (json.NextField())
                {
                    if (json.Is("handle_id"u8)) attribute = attribute with { HandleId = json.IsNull ? null : json.Text() };
                    else if (json.Is("secondary"u8)) attribute = attribute with { Secondary = json.LabelsOrDrop() };
                    else if (json.Is("alternateOwnerAttrs"u8)) attribute = attribute with { AlternateOwner = json.LabelsOrDrop() };
                    else json.SkipValue();
                }
            attributes.Add(attribute);
        }
        return attributes.ToEquatableArray();
    }

    private static EquatableArray<AllocationSequence> ReadSequences(ref JsonScanner json)
    {
        SortedDictionary<int, ulong> sequences = [];
        if (!json.BeginObject()) return default;
        while (json.NextField())
        {
            if (int.TryParse(json.FieldName(), System.Globalization.NumberStyles.None, null, out int ordinal)) sequences[ordinal] = json.Unsigned() ?? 0;
            else json.Fail("is not an ordinal");
        }
        return sequences.Select(entry => new AllocationSequence(entry.Key, entry.Value)).ToEquatableArray();
    }

    private static IpamAffinity? ReadAffinity(ref JsonScanner json)
    {
        AffinityState state = AffinityState.Unset;
        bool deleted = false;
        while (json.NextField())
        {
            if (json.Is("state"u8)) state = ReadState(ref json);
            else if (json.Is("deleted"u8)) deleted = json.Flag();
            else json.SkipValue();
        }
        return new IpamAffinity(state, deleted);
    }

    private static AffinityState ReadState(ref JsonScanner json)
    {
        string text = json.SharedText();
        switch (text)
        {
            case "": return AffinityState.Unset;
            case "pending": return AffinityState.Pending;
            case "confirmed": return AffinityState.Confirmed;
            case "pendingDeletion": return AffinityState.PendingDeletion;
            default:
                json.Fail($"{Problem.Quote(text)} is not a state (pending, confirmed, pendingDeletion)");
                return AffinityState.Unset;
        }
    }

    private static IpamHandle? ReadHandle(ref JsonScanner json)
    {
        List<HandleCount> blocks = [];
        bool deleted = false;
        while (json.NextField())
        {
            if (json.Is("deleted"u8)) deleted = json.Flag();
            else if (!json.Is("block"u8)) json.SkipValue();
            else if (json.BeginObject())
                while (json.NextField())
                {
                    if (!Cidr.TryParse(json.FieldName(), out Cidr block)) json.Fail("is not the CIDR of a block");
                    else blocks.Add(new HandleCount(block, (int)(json.Integer(0, int.MaxValue) ?? 0)));
                }
        }
        return new IpamHandle(blocks.ToEquatableArray(), deleted);
    }

    private static IpamConfig? ReadConfig(ref JsonScanner json)
    {
        IpamConfig config = new();
        List<RawField> others = [];
        while (json.NextField())
        {
            if (json.Is("strict_affinity"u8)) config = config with { StrictAffinity = json.Flag() };
            else if (json.Is("auto_allocate_blocks"u8)) config = config with { AutoAllocateBlocks = json.Flag() };
            else if (json.Is("maxBlocksPerHost"u8)) config = config with { MaxBlocksPerHost = (int)(json.Integer(0, int.MaxValue) ?? 0) };
            else others.Add(new RawField(json.FieldName(), json.Raw()));
        }
        return config with { Others = others.ToEquatableArray() };
    }
}
