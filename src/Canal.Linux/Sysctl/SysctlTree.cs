using System.Text;

namespace Canal.Linux.Sysctl;

/// <summary>
/// Kernel settings below /proc/sys, addressed by path segments so that interface names with dots need no quoting. /proc/sys/net shows the network
/// namespace of the thread that opens the file (proc_sysctl.c looks at current-&gt;nsproxy), unlike /proc/net, which shows the process's.
/// </summary>
/// <param name="root">Where the tree is; another one for tests.</param>
public sealed class SysctlTree(string root = "/proc/sys")
{
    /// <summary>The value without the trailing newline; tabs between numbers stay.</summary>
    /// <exception cref="SysctlException">Not there, or not readable.</exception>
    public string Read(params ReadOnlySpan<string> path)
    {
        string file = Locate(path);
        try
        {
            return File.ReadAllText(file).TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"read {file}", e);
        }
    }

    /// <summary>True when there is such a setting.</summary>
    public bool Exists(params ReadOnlySpan<string> path) => File.Exists(Locate(path));

    /// <summary>Writes the value unless it is so already; returns whether it wrote.</summary>
    /// <exception cref="SysctlException">Not there, not writable, or the kernel refused the value.</exception>
    public bool Write(string value, params ReadOnlySpan<string> path)
    {
        if (Read(path) == value) return false;
        string file = Locate(path);
        try
        {
            // No O_CREAT and no O_TRUNC: a missing setting is an error. One write at offset 0 is what the kernel takes for the whole value.
            using FileStream stream = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write(Encoding.ASCII.GetBytes(value + "\n"));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"write {value} to {file}", e);
        }
    }

    /// <summary>A segment may hold dots but is one directory or file name: never a way up or down.</summary>
    private string Locate(ReadOnlySpan<string> path)
    {
        if (path.IsEmpty) throw new ArgumentException("a kernel setting has a path", nameof(path));
        StringBuilder file = new(root);
        foreach (string segment in path)
        {
            if (segment is "" or "." or ".." || segment.AsSpan().ContainsAny('/', '\0'))
                throw new SysctlException($"find kernel setting {string.Join('/', path)}", $"'{segment}' is not a file name", isAbsent: true);
            file.Append('/').Append(segment);
        }
        return file.ToString();
    }

    private static SysctlException Failure(string request, Exception e) =>
        new(request, e.Message, e is FileNotFoundException or DirectoryNotFoundException, e);
}
