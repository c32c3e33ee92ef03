using System.Buffers.Binary;

namespace Canal.Linux.Netlink;

/// <summary>A growing byte buffer that messages are written into. Reused between requests; not thread-safe.</summary>
public sealed class NetlinkBuffer(int capacity = 4096)
{
    /// <summary>What is worth keeping: a whole table is sent once, and its megabytes are not needed again.</summary>
    private const int KeptBytes = 256 << 10;

    private byte[] bytes = new byte[capacity];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    /// <summary>The same; another append may leave it behind.</summary>
    internal ReadOnlyMemory<byte> WrittenMemory => bytes.AsMemory(0, Length);

    /// <summary>Forgets the content; keeps the memory unless it is much.</summary>
    public void Clear()
    {
        Length = 0;
        if (bytes.Length > KeptBytes) bytes = new byte[capacity];
    }

    /// <summary>Forgets everything after a position.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Appends this many zero bytes and gives them out for writing; valid until the next append.</summary>
    public Span<byte> Append(int count)
    {
        int start = Length, end = checked(Length + count);
        if (end > bytes.Length) Array.Resize(ref bytes, (int)Math.Min(Math.Max((long)end, bytes.Length * 2L), Array.MaxLength));
        Length = end;
        Span<byte> added = bytes.AsSpan(start, count);
        added.Clear();
        return added;
    }

    /// <summary>Bytes already written, for patching lengths.</summary>
    public Span<byte> At(int position, int count) => bytes.AsSpan(position, count);

    /// <summary>Patches a host-order length field.</summary>
    internal void PatchUInt32(int position, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(At(position, 4), value);
}
