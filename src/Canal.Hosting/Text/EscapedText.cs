using System.Buffers;
using System.Globalization;
using System.Text;

namespace Canal.Hosting;

/// <summary>
/// Text from outside, made safe for a terminal and for line-based logs: control characters (C0, DEL, C1), line separators and the bidirectional overrides that
/// can make a line read as another one are written as escapes. Everything else, backslashes included, stays, so this is for reading and cannot be undone.
/// </summary>
public static class EscapedText
{
    private static readonly SearchValues<char> Dangerous = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Concat([0x2028, 0x2029, 0xfeff])
            .Concat(Enumerable.Range(0x200e, 2)).Concat(Enumerable.Range(0x202a, 5)).Concat(Enumerable.Range(0x2066, 4)).Select(code => (char)code)]);

    /// <summary>The same string when there is nothing to escape.</summary>
    public static string Of(string text)
    {
        int first = text.AsSpan().IndexOfAny(Dangerous);
        return first < 0 ? text : Escape(text, first);
    }

    private static string Escape(string text, int first)
    {
        StringBuilder escaped = new(text, 0, first, text.Length + 16);
        foreach (char c in text.AsSpan(first))
        {
            if (!Dangerous.Contains(c))
                escaped.Append(c);
            else
                AppendEscape(escaped, c);
        }
        return escaped.ToString();
    }

    private static void AppendEscape(StringBuilder escaped, char c) => _ = c switch
    {
        '\n' => escaped.Append("\\n"),
        '\r' => escaped.Append("\\r"),
        '\t' => escaped.Append("\\t"),
        < (char)0x100 => escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
        _ => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
