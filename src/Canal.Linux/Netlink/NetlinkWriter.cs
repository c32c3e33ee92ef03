using System.Buffers.Binary;
using System.Text;

namespace Canal.Linux.Netlink;

/// <summary>
/// Writes netlink messages (linux/netlink.h) into a <see cref="NetlinkBuffer"/>: header, family header, attributes. Lengths are patched when a
/// message or nest is ended. Host order means little-endian: the project runs on x86-64 and arm64 only.
/// </summary>
public readonly ref struct NetlinkWriter(NetlinkBuffer buffer)
{
    /// <summary>NLA_F_NESTED.</summary>
    private const ushort Nested = 0x8000;

    private readonly NetlinkBuffer buffer = buffer;

    /// <summary>Starts a message; returns the token for <see cref="EndMessage"/>. nlmsg_pid is 0.</summary>
    public int BeginMessage(ushort type, ushort flags, uint sequence)
    {
        int start = buffer.Length;
        Span<byte> header = buffer.Append(16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], sequence);
        return start;
    }

    /// <summary>Patches the length of the message begun at the token.</summary>
    public void EndMessage(int token) => buffer.PatchUInt32(token, (uint)(buffer.Length - token));

    /// <summary>A fixed family header (nfgenmsg, ifinfomsg, rtmsg, …), zeroed, padded to 4.</summary>
    public Span<byte> Header(int length) => buffer.Append(Align(length))[..length];

    /// <summary>Starts a nested attribute; returns the token for <see cref="EndNested"/>.</summary>
    public int BeginNested(ushort type)
    {
        int start = buffer.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.Append(4)[2..], (ushort)(type | Nested));
        return start;
    }

    /// <summary>Patches the length of the nest; throws when it does not fit nla_len (65,535), which would otherwise be sent as garbage.</summary>
    public void EndNested(int token)
    {
        int length = buffer.Length - token;
        if (length > ushort.MaxValue) throw new InvalidOperationException($"a nested netlink attribute of {length} bytes does not fit its 16-bit length");
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.At(token, 2), (ushort)length);
    }

    /// <summary>Room for an attribute's payload of this many bytes; the padding is written too.</summary>
    public Span<byte> Attribute(ushort type, int length)
    {
        if (length > ushort.MaxValue - 4) throw new InvalidOperationException($"a netlink attribute of {length} bytes does not fit its 16-bit length");
        Span<byte> whole = buffer.Append(Align(4 + length));
        BinaryPrimitives.WriteUInt16LittleEndian(whole, (ushort)(4 + length));
        BinaryPrimitives.WriteUInt16LittleEndian(whole[2..], type);
        return whole.Slice(4, length);
    }

    public void Bytes(ushort type, ReadOnlySpan<byte> value) => value.CopyTo(Attribute(type, value.Length));

    /// <summary>Attributes that were received, as they came; padded to 4.</summary>
    internal void Raw(ReadOnlySpan<byte> attributes) => attributes.CopyTo(buffer.Append(Align(attributes.Length)));

    public void Flag(ushort type) => Attribute(type, 0);

    public void Byte(ushort type, byte value) => Attribute(type, 1)[0] = value;

    /// <summary>Host order (rtnetlink).</summary>
    public void UInt16(ushort type, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Attribute(type, 2), value);

    /// <summary>Host order (rtnetlink).</summary>
    public void UInt32(ushort type, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Attribute(type, 4), value);

    /// <summary>Network order (nfnetlink).</summary>
    public void UInt16BigEndian(ushort type, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Attribute(type, 2), value);

    /// <summary>Network order (nfnetlink).</summary>
    public void UInt32BigEndian(ushort type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(type, 4), value);

    /// <summary>Network order (nfnetlink).</summary>
    public void UInt64BigEndian(ushort type, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(type, 8), value);

    /// <summary>UTF-8 with the closing NUL.</summary>
    public void String(ushort type, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Attribute(type, length + 1));
    }

    private static int Align(int length) => (length + 3) & ~3;
}
