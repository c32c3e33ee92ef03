using System.Buffers.Binary;
using System.Text;

namespace Canal.Linux.Netlink;

/// <summary>Walks the messages of one received datagram. Malformed framing ends the walk and is told by <see cref="IsMalformed"/>.</summary>
public ref struct NetlinkReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> rest = datagram;

    /// <summary>The message that <see cref="Next"/> stopped at.</summary>
    public NetlinkMessage Current { get; private set; }

    /// <summary>A length in the datagram pointed outside it.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Goes to the next message.</summary>
    public bool Next()
    {
        if (rest.Length < 16) return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length < 16 || length > rest.Length)
        {
            IsMalformed = true;
            return false;
        }
        Current = new NetlinkMessage(rest[..(int)length]);
        rest = rest[Math.Min(rest.Length, (int)((length + 3) & ~3u))..];
        return true;
    }
}

/// <summary>One message: header fields and payload.</summary>
public readonly ref struct NetlinkMessage(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public ushort Type => BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
    public ushort Flags => BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
    public uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
    public uint PortId => BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);

    /// <summary>The whole message, header and all.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Everything after the 16-byte header.</summary>
    public ReadOnlySpan<byte> Payload => bytes[16..];

    /// <summary>The attributes after a family header of this length; none when the message is too short for it.</summary>
    public NetlinkAttributes Attributes(int headerLength)
    {
        int start = 16 + ((headerLength + 3) & ~3);
        return new NetlinkAttributes(start > bytes.Length ? default : bytes[start..]);
    }
}

/// <summary>A run of attributes, for <c>foreach</c>.</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    public NetlinkAttribute Current { get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    /// <summary>Goes on; a malformed length ends the walk (the kernel does not send one).</summary>
    public bool MoveNext()
    {
        if (rest.Length < 4) return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (length < 4 || length > rest.Length) return false;
        Current = new NetlinkAttribute((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & 0x3fff), rest[4..length]);
        rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        return true;
    }

    /// <summary>The payload of the first attribute of a type; empty when there is none.</summary>
    public readonly ReadOnlySpan<byte> Find(ushort type)
    {
        foreach (NetlinkAttribute attribute in this)
            if (attribute.Type == type) return attribute.Payload;
        return default;
    }
}

/// <summary>One attribute: type without its flag bits, and payload.</summary>
public readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> payload)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    public NetlinkAttributes Nested => new(Payload);

    public byte Byte => Payload.IsEmpty ? (byte)0 : Payload[0];

    /// <summary>Host order; 0 when the payload is short.</summary>
    public ushort UInt16 => Payload.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(Payload);

    /// <summary>Host order; 0 when the payload is short.</summary>
    public uint UInt32 => Payload.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(Payload);

    /// <summary>Network order; 0 when the payload is short.</summary>
    public ushort UInt16BigEndian => Payload.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    /// <summary>Network order; 0 when the payload is short.</summary>
    public uint UInt32BigEndian => Payload.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(Payload);

    /// <summary>Network order; 0 when the payload is short.</summary>
    public ulong UInt64BigEndian => Payload.Length < 8 ? 0 : BinaryPrimitives.ReadUInt64BigEndian(Payload);

    /// <summary>UTF-8 up to the first NUL.</summary>
    public string String
    {
        get
        {
            int end = Payload.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Payload : Payload[..end]);
        }
    }
}
