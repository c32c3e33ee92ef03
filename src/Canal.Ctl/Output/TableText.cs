using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Columns with two blanks between, no box, nothing cut: for eyes, awk and grep alike.</summary>
internal static class TableText
{
    /// <param name="rows">The header, if any, first; all of one length.</param>
    /// <param name="to">Where to.</param>
    public static void Write(IReadOnlyList<IReadOnlyList<string>> rows, TextWriter to)
    {
        if (rows.Count == 0)
            return;
        int[] widths = [.. Enumerable.Range(0, rows[0].Count).Select(column => rows.Max(row => Clean(row[column]).Length))];
        foreach (IReadOnlyList<string> row in rows)
        {
            for (int column = 0; column < row.Count; column++)
            {
                string cell = Clean(row[column]);
                to.Write(column == row.Count - 1 ? cell : cell.PadRight(widths[column] + 2));
            }
            to.Write('\n');
        }
    }

    private static string Clean(string cell) => EscapedText.Of(cell);
}
