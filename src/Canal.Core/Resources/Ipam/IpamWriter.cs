using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Canal.Core.Resources;

/// <summary>Writes IPAM's values as Calico reads them: sequence numbers as whole numbers of 64 bits, free addresses as null.</summary>
public static class IpamWriter
{
    public static byte[] Encode(IpamBlock block) => Write(writer =>
    {
        writer.WriteString("cidr", block.Cidr.ToString());
        if (block.Affinity is { } owner) writer.WriteString("affinity", owner.ToString());
        else writer.WriteNull("affinity");
        if (block.AffinityClaimTime is { } time) writer.WriteString("affinity_claim_time", time);
        WriteAllocations(writer, block);
        WriteAttributes(writer, block.Attributes);
        writer.WriteNumber("sequenceNumber", block.SequenceNumber);
        writer.WriteStartObject("sequenceNumberForAllocation");
        foreach (AllocationSequence sequence in block.SequenceNumbers)
            writer.WriteNumber(sequence.Ordinal.ToString(CultureInfo.InvariantCulture), sequence.Number);
        writer.WriteEndObject();
        writer.WriteBoolean("deleted", block.Deleted);
        WriteOthers(writer, block.Others);
    });

    public static byte[] Encode(IpamAffinity affinity) => Write(writer =>
    {
        writer.WriteString("state", affinity.State switch
        {
            AffinityState.Pending => "pending",
            AffinityState.Confirmed => "confirmed",
            AffinityState.PendingDeletion => "pendingDeletion",
            _ => "",
        });
        writer.WriteBoolean("deleted", affinity.Deleted);
    });

    public static byte[] Encode(IpamHandle handle) => Write(writer =>
    {
        writer.WriteStartObject("block");
        foreach (HandleCount block in handle.Blocks) writer.WriteNumber(block.Block.ToString(), block.Count);
        writer.WriteEndObject();
        writer.WriteBoolean("deleted", handle.Deleted);
    });

    /// <summary>False and zero are left out, as Calico does.</summary>
    public static byte[] Encode(IpamConfig config) => Write(writer =>
    {
        if (config.StrictAffinity) writer.WriteBoolean("strict_affinity", true);
        if (config.AutoAllocateBlocks) writer.WriteBoolean("auto_allocate_blocks", true);
        if (config.MaxBlocksPerHost != 0) writer.WriteNumber("maxBlocksPerHost", config.MaxBlocksPerHost);
        WriteOthers(writer, config.Others);
    });

    private static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonText.Options))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteAllocations(Utf8JsonWriter writer, IpamBlock block)
    {
        writer.WriteStartArray("allocations");
        foreach (int? attribute in block.Allocations)
        {
            if (attribute is { } index) writer.WriteNumberValue(index);
            else writer.WriteNullValue();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("unallocated");
        foreach (int ordinal in block.Unallocated) writer.WriteNumberValue(ordinal);
        writer.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter writer, EquatableArray<IpamAttribute> attributes)
    {
        writer.WriteStartArray("attributes");
        foreach (IpamAttribute attribute in attributes)
        {
            writer.WriteStartObject();
            writer.WriteString("handle_id", attribute.HandleId);
            WriteMap(writer, "secondary", attribute.Secondary);
            if (!attribute.AlternateOwner.IsEmpty) WriteMap(writer, "alternateOwnerAttrs", attribute.AlternateOwner);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, LabelMap map)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in map) writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteOthers(Utf8JsonWriter writer, EquatableArray<RawField> others)
    {
        foreach (RawField field in others)
        {
            writer.WritePropertyName(field.Name);
            writer.WriteRawValue(field.Json);
        }
    }
}
