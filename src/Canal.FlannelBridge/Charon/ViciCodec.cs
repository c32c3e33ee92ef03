using System.Buffers.Binary;
using System.Text;

namespace Canal.FlannelBridge.Charon;

/// <summary>Packets and messages of charon's control protocol (VICI) as bytes. What charon sends is not trusted: lengths, nesting and order are checked.</summary>
internal static class ViciCodec
{
    /// <summary>Bytes that a packet may have, after the four of its length.</summary>
    public const int LongestPacket = 512 * 1024;

    private const int DeepestSection = 32;

    private const byte SectionStart = 1, SectionEnd = 2, KeyValue = 3, ListStart = 4, ListItem = 5, ListEnd = 6;

    /// <summary>A packet with its length before it.</summary>
    /// <param name="kind">A kind that has a name.</param>
    /// <param name="name">The command or event.</param>
    /// <param name="message">What goes with it; null for nothing.</param>
    /// <exception cref="ViciException">It is longer than charon takes.</exception>
    public static byte[] Write(ViciPacket kind, string name, ViciSection? message)
    {
        using MemoryStream bytes = new();
        bytes.Write([0, 0, 0, 0, (byte)kind]);
        WriteName(bytes, name);
        if (message is not null) WriteSection(bytes, message);
        byte[] packet = bytes.ToArray();
        // The message may hold a secret.
        bytes.GetBuffer().AsSpan().Clear();
        if (packet.Length - 4 > LongestPacket) throw new ViciException($"{name}: the request has {packet.Length - 4} bytes, more than charon's {LongestPacket}");
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length - 4);
        return packet;
    }

    private static void WriteSection(MemoryStream bytes, ViciSection section)
    {
        foreach ((string name, byte[] value) in section.Values)
        {
            bytes.WriteByte(KeyValue);
            WriteName(bytes, name);
            WriteValue(bytes, value);
        }
        foreach ((string name, string[] items) in section.Lists)
        {
            bytes.WriteByte(ListStart);
            WriteName(bytes, name);
            foreach (string item in items)
            {
                bytes.WriteByte(ListItem);
                WriteValue(bytes, Encoding.UTF8.GetBytes(item));
            }
            bytes.WriteByte(ListEnd);
        }
        foreach ((string name, ViciSection inner) in section.Sections)
        {
            bytes.WriteByte(SectionStart);
            WriteName(bytes, name);
            WriteSection(bytes, inner);
            bytes.WriteByte(SectionEnd);
        }
    }

    private static void WriteName(MemoryStream bytes, string name)
    {
        byte[] text = Encoding.ASCII.GetBytes(name);
        if (text.Length > byte.MaxValue) throw new ViciException($"a name of {text.Length} bytes does not fit charon's protocol");
        bytes.WriteByte((byte)text.Length);
        bytes.Write(text);
    }

    private static void WriteValue(MemoryStream bytes, byte[] value)
    {
        if (value.Length > ushort.MaxValue) throw new ViciException($"a value of {value.Length} bytes does not fit charon's protocol");
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)value.Length);
        bytes.Write(length);
        bytes.Write(value);
    }

    /// <summary>Reads a packet without its length.</summary>
    /// <exception cref="ViciException">It is malformed.</exception>
    public static (ViciPacket Kind, string Name, ViciSection Message) Read(ReadOnlySpan<byte> packet)
    {
        Reader reader = new(packet);
        ViciPacket kind = (ViciPacket)reader.Byte();
        return kind switch
        {
            ViciPacket.Event => (kind, reader.Name(), reader.Section(0)),
            ViciPacket.Response => (kind, "", reader.Section(0)),
            ViciPacket.Confirmed or ViciPacket.UnknownEvent or ViciPacket.UnknownCommand => (kind, "", new ViciSection()),
            _ => throw new ViciException($"charon sent a packet of the unknown kind {(byte)kind}"),
        };
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public byte Byte() => Take(1)[0];

        public string Name() => Encoding.UTF8.GetString(Take(Byte()));

        /// <summary>Up to the end of the section, or of the message at depth 0.</summary>
        public ViciSection Section(int depth)
        {
            if (depth > DeepestSection) throw new ViciException($"charon's message nests deeper than {DeepestSection}");
            ViciSection section = new();
            while (!rest.IsEmpty)
            {
                byte element = Byte();
                if (element == SectionEnd) return depth > 0 ? section : throw new ViciException("charon's message ends a section that it did not begin");
                if (element is not (SectionStart or KeyValue or ListStart)) throw new ViciException($"charon's message has an element {element} where none may be");
                string name = Name();
                if (element == KeyValue) section.Values[name] = Value().ToArray();
                else if (element == ListStart) section.Lists[name] = Items();
                else section.Sections[name] = Section(depth + 1);
            }
            return depth == 0 ? section : throw new ViciException("charon's message does not end a section");
        }

        private string[] Items()
        {
            List<string> items = [];
            while (true)
            {
                byte element = Byte();
                if (element == ListEnd) return [.. items];
                if (element != ListItem) throw new ViciException($"charon's message has an element {element} in a list");
                items.Add(Encoding.UTF8.GetString(Value()));
            }
        }

        private ReadOnlySpan<byte> Value() => Take(BinaryPrimitives.ReadUInt16BigEndian(Take(2)));

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > rest.Length) throw new ViciException("charon's message is cut off");
            ReadOnlySpan<byte> taken = rest[..count];
            rest = rest[count..];
            return taken;
        }
    }
}
