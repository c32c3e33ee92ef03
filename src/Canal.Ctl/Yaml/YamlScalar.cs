using System.Buffers;
using System.Text.Json.Nodes;

namespace Canal.Ctl;

/// <summary>What YAML's plain (unquoted) scalars mean: YAML 1.2's core schema (yaml.org/spec/1.2.2, 10.3.2). The words that are booleans only in
/// YAML 1.1, such as <c>on</c> and <c>no</c>, are strings; where a boolean is wanted they are refused then.</summary>
internal static class YamlScalar
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    // Digits with these between them are numbers of base 60 or dates to readers of YAML 1.1, which Go's are.
    private static readonly SearchValues<char> NumberLike = SearchValues.Create("0123456789:._-+eExXoabcdefABCDEFTZ ");

    /// <summary>The value of a plain scalar: null, true, false, a number with its text as it stands, or a string.</summary>
    public static JsonNode? Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ => Number(text) is { } number ? JsonNode.Parse(number) : JsonValue.Create(text),
    };

    /// <summary>Whether every reader of YAML, 1.1 or 1.2, takes the unquoted text for a string.</summary>
    public static bool IsPlainString(string text)
    {
        if (Resolve(text) is not JsonValue value || value.GetValueKind() != System.Text.Json.JsonValueKind.String || text == "<<")
            return false;
        if (text.Length <= 3 && text.ToLowerInvariant() is "y" or "n" or "yes" or "no" or "on" or "off")
            return false;
        bool startsAsNumber = char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.';
        return !(startsAsNumber && text.AsSpan().IndexOfAnyExcept(NumberLike) < 0) && !text.StartsWith(".inf", StringComparison.OrdinalIgnoreCase)
            && !text.StartsWith(".nan", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The number as JSON writes it; null when the text is none.</summary>
    private static string? Number(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return Radix(text.AsSpan(2), 16);
        if (text.StartsWith("0o", StringComparison.Ordinal))
            return Radix(text.AsSpan(2), 8);
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith('-');
        if (negative || rest.StartsWith('+'))
            rest = rest[1..];
        ReadOnlySpan<char> whole = Take(ref rest);
        ReadOnlySpan<char> fraction = default;
        if (rest.StartsWith('.'))
        {
            rest = rest[1..];
            fraction = Take(ref rest);
        }
        if (whole.IsEmpty && fraction.IsEmpty || !IsExponentOrNothing(rest))
            return null;
        whole = whole.TrimStart('0');
        return string.Concat(negative ? "-" : "", whole.IsEmpty ? "0" : whole, fraction.IsEmpty ? "" : $".{fraction}", rest);
    }

    private static ReadOnlySpan<char> Take(scoped ref ReadOnlySpan<char> rest)
    {
        int length = rest.IndexOfAnyExcept(Digits);
        if (length < 0)
            length = rest.Length;
        ReadOnlySpan<char> digits = rest[..length];
        rest = rest[length..];
        return digits;
    }

    private static bool IsExponentOrNothing(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
            return true;
        if (rest[0] is not ('e' or 'E'))
            return false;
        rest = rest[1..];
        if (rest.StartsWith('-') || rest.StartsWith('+'))
            rest = rest[1..];
        return !rest.IsEmpty && rest.IndexOfAnyExcept(Digits) < 0;
    }

    private static string? Radix(ReadOnlySpan<char> digits, int radix)
    {
        // 15 hexadecimal or 20 octal digits fit a long for sure; nothing in the data model comes near.
        if (digits.IsEmpty || digits.Length > 15 || digits.IndexOfAnyExcept(HexDigits) >= 0 || radix == 8 && digits.ContainsAny('8', '9'))
            return null;
        long number = 0;
        foreach (char digit in digits)
        {
            int value = Convert.ToInt32(digit.ToString(), 16);
            if (value >= radix)
                return null;
            number = number * radix + value;
        }
        return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
