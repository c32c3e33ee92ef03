using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>Text exactly as the programs that share the cluster write it: their language's library decides, not a standard.</summary>
internal static class GoText
{
    /// <summary>An address; IPv6 never with an IPv4 part, the first of the longest runs of two zero groups or more left out.</summary>
    public static string Of(IpAddress address)
    {
        if (address.Family == IpFamily.V4) return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        ushort[] groups = new ushort[8];
        for (int i = 0; i < groups.Length; i++) groups[i] = BinaryPrimitives.ReadUInt16BigEndian(bytes[(2 * i)..]);
        (int start, int length) = LongestZeros(groups);
        return length < 2 ? Groups(groups) : $"{Groups(groups.AsSpan(0, start))}::{Groups(groups.AsSpan(start + length))}";
    }

    private static (int Start, int Length) LongestZeros(ReadOnlySpan<ushort> groups)
    {
        (int Start, int Length) longest = (0, 0);
        for (int i = 0; i < groups.Length; i++)
        {
            int end = i;
            while (end < groups.Length && groups[end] == 0) end++;
            if (end - i > longest.Length) longest = (i, end - i);
            i = end;
        }
        return longest;
    }

    private static string Groups(ReadOnlySpan<ushort> groups)
    {
        StringBuilder text = new();
        foreach (ushort group in groups) text.Append(text.Length == 0 ? "" : ":").Append(CultureInfo.InvariantCulture, $"{group:x}");
        return text.ToString();
    }

    /// <summary>A JSON string, with what could mean something inside HTML escaped.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            switch (c)
            {
                case '"' or '\\': quoted.Append('\\').Append(c); break;
                case '\n': quoted.Append("\\n"); break;
                case '\r': quoted.Append("\\r"); break;
                case '\t': quoted.Append("\\t"); break;
                case '\b': quoted.Append("\\b"); break;
                case '\f': quoted.Append("\\f"); break;
                case '<' or '>' or '&' or '\u2028' or '\u2029' or < ' ': quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: quoted.Append(c); break;
            }
        }
        return quoted.Append('"').ToString();
    }
}
