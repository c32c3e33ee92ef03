namespace Canal.Linux.Sysctl;

/// <summary>A kernel setting could not be read or written. The message is a sentence with the path and the system's words.</summary>
public sealed class SysctlException(string request, string reason, bool isAbsent, Exception? inner = null) : Exception($"{request}: {reason}", inner)
{
    /// <summary>There is no such setting: the interface is gone, or the kernel lacks the feature.</summary>
    public bool IsAbsent { get; } = isAbsent;
}
