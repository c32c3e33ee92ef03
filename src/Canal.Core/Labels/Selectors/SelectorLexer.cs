using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Canal.Core.Labels;

/// <summary>Cuts a selector into tokens, one at a time.</summary>
/// <remarks>
/// No word is reserved: <c>contains</c>, <c>in</c> and their kin are operators only straight after a label, and <c>has(</c>, <c>all(</c>, <c>global(</c> are
/// recognised only where a label could begin and only without a blank before the parenthesis. So <c>in in {"in"}</c> is a selector. White space is space and tab.
/// </remarks>
internal struct SelectorLexer(string text)
{
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-");

    private int position;
    private SelectorTokenKind previous;

    /// <summary>The next token; <see cref="SelectorTokenKind.End"/> when there is no more. On failure <paramref name="failure"/> says why, and <paramref name="token"/> where.</summary>
    public bool TryRead(out SelectorToken token, [NotNullWhen(false)] out string? failure)
    {
        SkipBlanks();
        int start = position;
        failure = Read(out SelectorTokenKind kind, out string content);
        token = new SelectorToken(kind, failure is null ? start : position, content);
        previous = kind;
        return failure is null;
    }

    private string? Read(out SelectorTokenKind kind, out string content)
    {
        content = "";
        kind = SelectorTokenKind.End;
        if (position == text.Length)
            return null;
        char next = text[position];
        if (next is '"' or '\'')
            return ReadString(next, out kind, out content);
        if (ReadPunctuation(out kind))
            return null;
        if (next is '=' or '&' or '|')
            return $"expected {next}{next}";
        if (!LabelCharacters.Contains(next))
            return $"unexpected character {Show(next)}";
        return previous == SelectorTokenKind.Label ? ReadOperator(out kind) : ReadLabelOrCall(out kind, out content);
    }

    private string? ReadString(char quote, out SelectorTokenKind kind, out string content)
    {
        kind = SelectorTokenKind.String;
        content = "";
        int end = text.IndexOf(quote, position + 1);
        if (end < 0)
            return "unterminated string";
        content = text[(position + 1)..end];
        position = end + 1;
        return null;
    }

    private bool ReadPunctuation(out SelectorTokenKind kind)
    {
        char next = text[position];
        char second = position + 1 < text.Length ? text[position + 1] : '\0';
        kind = (next, second) switch
        {
            ('=', '=') => SelectorTokenKind.Equal,
            ('!', '=') => SelectorTokenKind.NotEqual,
            ('&', '&') => SelectorTokenKind.And,
            ('|', '|') => SelectorTokenKind.Or,
            ('!', _) => SelectorTokenKind.Not,
            ('(', _) => SelectorTokenKind.OpenParenthesis,
            (')', _) => SelectorTokenKind.CloseParenthesis,
            ('{', _) => SelectorTokenKind.OpenBrace,
            ('}', _) => SelectorTokenKind.CloseBrace,
            (',', _) => SelectorTokenKind.Comma,
            _ => SelectorTokenKind.End,
        };
        if (kind is SelectorTokenKind.End)
            return false;
        position += kind is SelectorTokenKind.Equal or SelectorTokenKind.NotEqual or SelectorTokenKind.And or SelectorTokenKind.Or ? 2 : 1;
        return true;
    }

    private string? ReadOperator(out SelectorTokenKind kind)
    {
        kind = TakeWords("contains", "") ? SelectorTokenKind.Contains
            : TakeWords("starts", "with") ? SelectorTokenKind.StartsWith
            : TakeWords("ends", "with") ? SelectorTokenKind.EndsWith
            : TakeWords("not", "in") ? SelectorTokenKind.NotIn
            : TakeWords("in", "") ? SelectorTokenKind.In
            : SelectorTokenKind.End;
        return kind is SelectorTokenKind.End ? "expected operator after label" : null;
    }

    /// <summary>Takes one or two words; blanks between them are optional (<c>startswith</c>), a label character straight after them is not allowed.</summary>
    private bool TakeWords(string first, string second)
    {
        int start = position;
        if (Take(first))
        {
            if (second.Length > 0)
                SkipBlanks();
            if (Take(second) && (position == text.Length || !LabelCharacters.Contains(text[position])))
                return true;
        }
        position = start;
        return false;
    }

    private string? ReadLabelOrCall(out SelectorTokenKind kind, out string content)
    {
        content = "";
        kind = Take("has(") ? SelectorTokenKind.Has
            : Take("all(") ? SelectorTokenKind.All
            : Take("global(") ? SelectorTokenKind.Global
            : SelectorTokenKind.Label;
        return kind switch
        {
            SelectorTokenKind.Has => ReadHasArgument(out content),
            SelectorTokenKind.Label => ReadLabel(out content),
            _ => ReadClosing("no closing ')' after all( or global("),
        };
    }

    private string? ReadHasArgument(out string content)
    {
        SkipBlanks();
        string? failure = ReadLabel(out content);
        if (failure is not null)
            return failure;
        return ReadClosing("no closing ')' after has(");
    }

    private string? ReadClosing(string failure)
    {
        SkipBlanks();
        return Take(")") ? null : failure;
    }

    private string? ReadLabel(out string content)
    {
        content = "";
        ReadOnlySpan<char> rest = text.AsSpan(position);
        int length = rest.IndexOfAnyExcept(LabelCharacters);
        length = length < 0 ? rest.Length : length;
        if (length == 0)
            return "expected a label name";
        if (length > Selector.MaxLabelLength)
            return $"label name of {length} bytes, the longest allowed has {Selector.MaxLabelLength}";
        content = text.Substring(position, length);
        position += length;
        return null;
    }

    private bool Take(string expected)
    {
        if (string.CompareOrdinal(text, position, expected, 0, expected.Length) != 0)
            return false;
        position += expected.Length;
        return true;
    }

    private void SkipBlanks()
    {
        while (position < text.Length && text[position] is (' ' or '\t'))
            position++;
    }

    private static string Show(char c) => c is > ' ' and < '\x7f' ? $"'{c}'" : $"U+{(int)c:X4}";
}
