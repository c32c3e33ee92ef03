namespace Canal.Datastore;

/// <summary>Reads the protobuf wire format (protobuf.dev/programming-guides/encoding) field by field, checking every length.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> message = message;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == message.Length;

    /// <summary>Field number and wire type, as <c>number &lt;&lt; 3 | type</c>.</summary>
    public uint ReadTag()
    {
        ulong tag = ReadVarint();
        return tag is > 0 and <= uint.MaxValue ? (uint)tag : throw Malformed("a tag is out of range");
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (AtEnd)
                throw Malformed("it ends inside a number");
            byte next = message[Position++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
        throw Malformed("a number is longer than 10 bytes");
    }

    /// <summary>Length of the field that begins at <see cref="Position"/>; it lies wholly inside the message.</summary>
    public int ReadLength()
    {
        ulong length = ReadVarint();
        return length <= (ulong)(message.Length - Position) ? (int)length : throw Malformed("a field reaches past its end");
    }

    /// <summary>The field's bytes; the reader goes on after them.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        int length = ReadLength();
        Position += length;
        return message.Slice(Position - length, length);
    }

    /// <summary>Passes over a field this reader does not know: newer servers may send more.</summary>
    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case 0: ReadVarint(); break;
            case 1: Advance(8); break;
            case 2: ReadBytes(); break;
            case 5: Advance(4); break;
            default: throw Malformed($"wire type {tag & 7} is not used by etcd");
        }
    }

    private void Advance(int count)
    {
        if (message.Length - Position < count)
            throw Malformed("it ends inside a number");
        Position += count;
    }

    private static InvalidDataException Malformed(string what) => new($"malformed answer from etcd: {what}");
}
