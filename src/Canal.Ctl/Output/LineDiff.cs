using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The difference of two texts in unified form (diff -u), with three lines around each change.</summary>
internal static class LineDiff
{
    private const int Context = 3;

    /// <summary>Writes the difference; nothing when there is none.</summary>
    public static void Write(string title, string before, string after, TextWriter to)
    {
        List<(char Mark, string Line)> script = Script(Lines(before), Lines(after));
        if (script.All(step => step.Mark == ' '))
            return;
        to.Write($"--- {(before.Length == 0 ? "/dev/null" : $"stored/{title}")}\n+++ {(after.Length == 0 ? "/dev/null" : $"wanted/{title}")}\n");
        int at = 0;
        while (Next(script, at) is { } hunk)
        {
            WriteHunk(script, hunk.First, hunk.End, to);
            at = hunk.End;
        }
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    /// <summary>The next group of changes with the lines around them.</summary>
    private static (int First, int End)? Next(List<(char Mark, string Line)> script, int from)
    {
        int change = script.FindIndex(from, step => step.Mark != ' ');
        if (change < 0)
            return null;
        int last = change;
        for (int i = change; i < script.Count && i - last <= 2 * Context; i++)
        {
            if (script[i].Mark != ' ')
                last = i;
        }
        return (Math.Max(from, change - Context), Math.Min(script.Count, last + Context + 1));
    }

    private static void WriteHunk(List<(char Mark, string Line)> script, int first, int end, TextWriter to)
    {
        int count(int start, int stop, char without) => script.Skip(start).Take(stop - start).Count(step => step.Mark != without);
        int before = count(first, end, '+'), after = count(first, end, '-');
        to.Write($"@@ -{count(0, first, '+') + (before > 0 ? 1 : 0)},{before} +{count(0, first, '-') + (after > 0 ? 1 : 0)},{after} @@\n");
        foreach ((char mark, string line) in script.Skip(first).Take(end - first))
            to.Write($"{mark}{EscapedText.Of(line)}\n");
    }

    // Longest common subsequence by table: documents are of hundreds of lines at most, and those beyond are shown as replaced whole.
    private static List<(char Mark, string Line)> Script(string[] before, string[] after)
    {
        const int MostCells = 16_000_000;
        if ((long)before.Length * after.Length > MostCells)
            return [.. before.Select(line => ('-', line)), .. after.Select(line => ('+', line))];
        int[,] common = new int[before.Length + 1, after.Length + 1];
        for (int i = before.Length - 1; i >= 0; i--)
        {
            for (int j = after.Length - 1; j >= 0; j--)
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }
        return Walk(before, after, common);
    }

    private static List<(char Mark, string Line)> Walk(string[] before, string[] after, int[,] common)
    {
        List<(char, string)> script = [];
        int left = 0, right = 0;
        while (left < before.Length || right < after.Length)
        {
            if (left < before.Length && right < after.Length && before[left] == after[right])
            {
                script.Add((' ', before[left++]));
                right++;
            }
            else if (left < before.Length && (right == after.Length || common[left + 1, right] >= common[left, right + 1]))
                script.Add(('-', before[left++]));
            else
                script.Add(('+', after[right++]));
        }
        return script;
    }
}
