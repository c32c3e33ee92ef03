using System.Globalization;

namespace Canal.Core.Resources;

/// <summary>Names of differentiated services code points (RFC 2474, 2597, 3246).</summary>
public static class Dscp
{
    /// <summary>Reads 0 to 63 in decimal, or DF, BE, EF, CS0 to CS7, AF11 to AF43, whatever the case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out byte value)
    {
        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)) return value <= 63;
        if (text.Equals("DF", StringComparison.OrdinalIgnoreCase) || text.Equals("BE", StringComparison.OrdinalIgnoreCase)) return true;
        value = 46;
        if (text.Equals("EF", StringComparison.OrdinalIgnoreCase)) return true;
        if (text.StartsWith("CS", StringComparison.OrdinalIgnoreCase) && text.Length == 3) return TryClass(text[2], '0', '7', out value);
        return TryAssured(text, out value);
    }

    private static bool TryClass(char digit, char first, char last, out byte value)
    {
        value = (byte)((digit - '0') << 3);
        return digit >= first && digit <= last;
    }

    private static bool TryAssured(ReadOnlySpan<char> text, out byte value)
    {
        value = 0;
        if (!text.StartsWith("AF", StringComparison.OrdinalIgnoreCase) || text.Length != 4) return false;
        if (!TryClass(text[2], '1', '4', out value) || text[3] is < '1' or > '3') return false;
        value += (byte)((text[3] - '0') << 1);
        return true;
    }
}
