using Canal.Hosting;

namespace Canal.Felix;

/// <summary>Looks for Calico's own agent in this network namespace: two agents would undo each other's work.</summary>
internal static class ForeignFelix
{
    private const string Name = "calico-felix";

    /// <exception cref="StartException">It runs.</exception>
    public static void Refuse()
    {
        if (Find() is string foreign) throw new StartException($"{foreign} runs on this host and programs the same things: stop and disable it first");
    }

    private static string? Find()
    {
        string? own = NamespaceOf("self");
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            string process = Path.GetFileName(directory);
            if (char.IsAsciiDigit(process[0]) && IsFelix(directory) && NamespaceOf(process) == own) return $"{Name} (process {process})";
        }
        return null;
    }

    private static bool IsFelix(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd('\n') == Name;
        }
        catch (IOException)
        {
            return false; // It ended while we looked.
        }
        catch (UnauthorizedAccessException)
        {
            return false; // Not ours to see; ProtectProc= hides it as well.
        }
    }

    private static string? NamespaceOf(string process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/net").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
