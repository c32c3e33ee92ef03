using System.Text;

namespace Canal.Testing.Manuals;

/// <summary>
/// A manual page of <c>packaging/man</c> with parts that are written from the tables of the program itself, the same that <c>--help</c> and completion are made
/// of: what stands between the lines <c>.\" generated: NAME</c> and <c>.\" end of NAME</c>.
/// </summary>
public static class ManualPage
{
    /// <summary>Set to 1, as <c>make manuals</c> does, it has such parts written instead of compared.</summary>
    private const string Writes = "CANAL_WRITE_MANUALS";

    /// <summary>Null when the part is what the program says, or has been made so; else the sentence that says what to do.</summary>
    /// <param name="page">The file's name: <c>canal-felix.8</c>.</param>
    /// <param name="part">The part's name, one word.</param>
    /// <param name="wanted">Lines of mdoc, each ended by a line feed.</param>
    /// <exception cref="InvalidDataException">The page has no such part.</exception>
    public static string? Difference(string page, string part, string wanted)
    {
        string root = Repository.Root ?? throw new DirectoryNotFoundException($"no Canal.sln above {AppContext.BaseDirectory}");
        string path = Path.Combine(root, "packaging", "man", page), text = File.ReadAllText(path);
        string begin = $".\\\" generated: {part}\n", end = $".\\\" end of {part}\n";
        int from = text.IndexOf(begin, StringComparison.Ordinal), to = text.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new InvalidDataException($"{page} has no lines {begin.TrimEnd()} and {end.TrimEnd()}");
        from += begin.Length;
        if (text[from..to] == wanted) return null;
        if (Environment.GetEnvironmentVariable(Writes) != "1") return $"{page}: {part} is not what the program says of itself; 'make manuals' writes it anew";
        File.WriteAllText(path, $"{text[..from]}{wanted}{text[to..]}");
        return null;
    }

    /// <summary>Sentences as mdoc wants them: each begins a line, and nothing of them is taken for a macro.</summary>
    public static string Sentences(string text)
    {
        StringBuilder lines = new();
        foreach (string sentence in text.Replace("\\", "\\e", StringComparison.Ordinal).Replace(". ", ".\n", StringComparison.Ordinal).Split('\n'))
            lines.Append(sentence.StartsWith('.') || sentence.StartsWith('\'') ? "\\&" : "").Append(sentence).Append('\n');
        return lines.ToString();
    }

    /// <summary>An option as mdoc writes it: <c>--config-dir</c> is <c>Fl -config-dir</c>.</summary>
    public static string Flag(string option) => $"Fl {option[1..]}";
}
