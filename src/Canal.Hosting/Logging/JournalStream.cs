using System.Globalization;

namespace Canal.Hosting;

/// <summary>
/// <c>JOURNAL_STREAM</c> (systemd.exec(5)) is device and inode of the stream systemd gave us. Children inherit the variable, so it counts only when standard error or
/// output still is that stream; else a shell's redirection would be ignored.
/// </summary>
internal static class JournalStream
{
    public static bool IsOurs(IReadOnlyDictionary<string, string> environment) => IsOurs(environment, descriptor => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget);

    /// <param name="linkOf">The target of /proc/self/fd/N: <c>socket:[12345]</c> for a socket, which carries the inode.</param>
    public static bool IsOurs(IReadOnlyDictionary<string, string> environment, Func<int, string?> linkOf)
    {
        string stream = environment.GetValueOrDefault("JOURNAL_STREAM", "");
        int colon = stream.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !ulong.TryParse(stream.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            return false;
        string link = $"socket:[{inode}]";
        return linkOf(2) == link || linkOf(1) == link;
    }
}
