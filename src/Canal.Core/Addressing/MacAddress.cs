using System.Globalization;

namespace Canal.Core.Addressing;

/// <summary>A 48-bit link-layer address.</summary>
/// <param name="Value">The six bytes, first byte uppermost.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Reads <c>ee:ee:…</c>, <c>ee-ee-…</c> or <c>eeee.eeee.eeee</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MacAddress mac)
    {
        mac = default;
        int group = text.Contains('.') ? 4 : 2;
        if (text.Length != (group == 4 ? 14 : 17)) return false;
        char separator = text[group];
        if (separator is not (':' or '-' or '.') || (separator == '.') != (group == 4)) return false;
        ulong value = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (i % (group + 1) == group)
            {
                if (text[i] != separator) return false;
                continue;
            }
            if (!char.IsAsciiHexDigit(text[i])) return false;
            value = (value << 4) | HexDigit(text[i]);
        }
        mac = new MacAddress(value);
        return true;
    }

    private static uint HexDigit(char c) => char.IsAsciiDigit(c) ? (uint)(c - '0') : (uint)((c | 0x20) - 'a' + 10);

    /// <summary>Writes the six bytes.</summary>
    public void WriteBytes(Span<byte> target)
    {
        for (int i = 0; i < 6; i++) target[i] = (byte)(Value >> (40 - 8 * i));
    }

    /// <summary>The address in six bytes.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < 6; i++) value = (value << 8) | bytes[i];
        return new MacAddress(value);
    }

    public override string ToString()
    {
        ulong value = Value;
        return string.Join(':', Enumerable.Range(0, 6).Select(i => ((value >> (40 - 8 * i)) & 0xff).ToString("x2", CultureInfo.InvariantCulture)));
    }
}
