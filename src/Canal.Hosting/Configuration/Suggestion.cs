namespace Canal.Hosting;

/// <summary>"(did you mean …?)": the known word with the least Levenshtein distance, when that is small beside the word's length.</summary>
internal static class Suggestion
{
    public static string For(string word, IEnumerable<string> known) => Nearest(word, known) is { } near ? $" (did you mean {near}?)" : "";

    public static string Quoted(string word, IEnumerable<string> known) => Nearest(word, known) is { } near ? $" (did you mean \"{near}\"?)" : "";

    /// <summary>Null when nothing is near. A key with the right last part under a wrong or missing table counts as near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        string? best = null, sameLeaf = null;
        // Two letters exchanged are two replacements, so two are allowed as soon as the word has more than that.
        int bestDistance = (word.Length < 4 ? 1 : Math.Max(2, Math.Min(word.Length, 64) / 3)) + 1;
        foreach (string candidate in known)
        {
            int distance = Distance(word, candidate);
            if (distance < bestDistance)
                (best, bestDistance) = (candidate, distance);
            if (sameLeaf is null && word.Length > 0 && Leaf(candidate) == Leaf(word))
                sameLeaf = candidate;
        }
        return best ?? sameLeaf;
    }

    private static string Leaf(string key) => key[(key.LastIndexOf('.') + 1)..];

    /// <summary>Insertions, deletions and replacements, case not counted. Words longer than 64 are as far as can be.</summary>
    internal static int Distance(string left, string right)
    {
        if (left.Length > 64 || right.Length > 64)
            return int.MaxValue;
        Span<int> row = stackalloc int[65];
        for (int column = 0; column <= right.Length; column++)
            row[column] = column;
        for (int line = 1; line <= left.Length; line++)
        {
            int diagonal = row[0];
            row[0] = line;
            for (int column = 1; column <= right.Length; column++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(left[line - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(replaced, Math.Min(row[column], row[column - 1]) + 1);
            }
        }
        return row[right.Length];
    }
}
