using System.Text;
using Canal.Hosting;

namespace Canal.Felix;

/// <summary>A file of a line or a few that others read, written where its text is another than before.</summary>
/// <param name="name">What it is called when it cannot be written.</param>
/// <param name="path">Where it is; empty: nowhere.</param>
/// <param name="mode">Who may read it.</param>
internal sealed class SmallFile(string name, string path, UnixFileMode mode)
{
    private string? written, told;

    /// <summary>Writes the text. Returns why it could not, once.</summary>
    public string? Set(string text)
    {
        if (path.Length == 0 || text == written) return null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(text), mode);
            (written, told) = (text, null);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string problem = $"{name} {path} cannot be written: {e.Message}";
            if (told == problem) return null;
            return told = problem;
        }
    }
}
