namespace Canal.Core.Resources;

/// <summary>Something wrong with data that others wrote.</summary>
/// <param name="Path">Where, from the root of the value: <c>spec.ingress[1].destination.ports[0]</c>; empty for the whole value.</param>
/// <param name="Sentence">What: <c>'abc!' is not a port</c>.</param>
public readonly record struct Problem(string Path, string Sentence)
{
    private const int LongestQuote = 64;

    public override string ToString() => string.IsNullOrEmpty(Path) ? Sentence ?? "" : $"{Path}: {Sentence}";

    /// <summary>Foreign text in quotes for a sentence: cut at 64 characters, control characters replaced.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        bool cut = text.Length > LongestQuote;
        if (cut) text = text[..LongestQuote];
        Span<char> clean = stackalloc char[LongestQuote];
        for (int i = 0; i < text.Length; i++) clean[i] = char.IsControl(text[i]) ? '\uFFFD' : text[i];
        return $"'{clean[..text.Length]}{(cut ? "…" : "")}'";
    }
}
