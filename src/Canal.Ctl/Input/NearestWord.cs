namespace Canal.Ctl;

/// <summary>Finds what somebody may have meant.</summary>
internal static class NearestWord
{
    /// <summary><c> (did you mean …?)</c>, or nothing when no known word is near: within a third of the word's letters, or two where
    /// that leaves two.</summary>
    public static string Suggest(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > 64)
            return "";
        (string? near, int distance) = known.Select(candidate => ((string?)candidate, Distance(word, candidate))).MinBy(pair => pair.Item2);
        return near is not null && distance <= Math.Max(word.Length / 3, Math.Min(2, word.Length - 2)) ? $" (did you mean {near}?)" : "";
    }

    // Levenshtein's distance, case not counted.
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
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
        return row[^1];
    }
}
