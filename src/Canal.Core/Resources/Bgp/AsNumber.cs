using System.Globalization;

namespace Canal.Core.Resources;

/// <summary>Reads autonomous system numbers.</summary>
public static class AsNumber
{
    /// <summary>Reads <c>65546</c>, or <c>1.10</c> with 16 bits on either side.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out uint number)
    {
        number = 0;
        int dot = text.IndexOf('.');
        if (dot < 0)
            return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        if (!ushort.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out ushort high)
            || !ushort.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort low)) return false;
        number = ((uint)high << 16) | low;
        return true;
    }
}
