using System.Buffers.Binary;
using System.Text;

namespace Canal.Hosting.Tests;

/// <summary>Reads an entry of the journal's native protocol as journald does, strictly.</summary>
internal static class JournalFields
{
    public static Dictionary<string, string> Parse(ReadOnlySpan<byte> entry)
    {
        Dictionary<string, string> fields = [];
        while (!entry.IsEmpty)
        {
            int end = entry.IndexOf((byte)'\n');
            Assert.True(end > 0, "a field begins with its name");
            int equals = entry[..end].IndexOf((byte)'=');
            ReadOnlySpan<byte> name = equals >= 0 ? entry[..equals] : entry[..end];
            ReadOnlySpan<byte> value;
            if (equals >= 0)
            {
                value = entry[(equals + 1)..end];
                entry = entry[(end + 1)..];
            }
            else
            {
                int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(entry[(end + 1)..]);
                value = entry.Slice(end + 9, length);
                Assert.Equal((byte)'\n', entry[end + 9 + length]);
                entry = entry[(end + 10 + length)..];
            }
            Assert.Matches("^[A-Z][A-Z0-9_]{0,63}$", Encoding.ASCII.GetString(name));
            fields.Add(Encoding.ASCII.GetString(name), Encoding.UTF8.GetString(value));
        }
        return fields;
    }
}
