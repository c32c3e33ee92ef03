namespace Canal.Hosting;

/// <summary>Looks for another program's daemon in this network namespace.</summary>
public static class ForeignProcess
{
    /// <summary>Its name and number; null when it does not run.</summary>
    /// <param name="name">At most 15 characters.</param>
    public static string? Find(string name)
    {
        string? own = NamespaceOf("self");
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            string process = Path.GetFileName(directory);
            // Of another user's process the namespace cannot be seen: then it counts as this one, which it nearly always is.
            if (char.IsAsciiDigit(process[0]) && IsNamed(directory, name) && (NamespaceOf(process) ?? own) == own) return $"{name} (process {process})";
        }
        return null;
    }

    private static bool IsNamed(string directory, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd('\n') == name;
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
