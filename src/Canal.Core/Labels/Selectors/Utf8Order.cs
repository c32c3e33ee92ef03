namespace Canal.Core.Labels;

/// <summary>Order of strings by their UTF-8 bytes, which is the order of code points. UTF-16 order differs: it puts surrogates before U+E000.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static readonly Utf8Order Instance = new();

    private Utf8Order()
    {
    }

    public int Compare(string? x, string? y)
    {
        int at = x.AsSpan().CommonPrefixLength(y);
        if (x is null || y is null || at == x.Length || at == y.Length)
            return (x?.Length ?? -1).CompareTo(y?.Length ?? -1);
        return Rank(x[at]).CompareTo(Rank(y[at]));
    }

    /// <summary>Moves surrogates, which stand for code points above U+FFFF, behind all other characters.</summary>
    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
