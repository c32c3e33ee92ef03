namespace Canal.Linux.Iptables;

/// <summary>A program refused, did not end in time, or is not there. What it was to write may be there in part: the state is to be read again.</summary>
/// <param name="message">What failed, in the program's own words.</param>
/// <param name="lines">The lines of the script that it is about, from 1 on, the first that failed first; null when the program does not say.</param>
/// <param name="isMissing">There is no such program.</param>
/// <param name="inner">What happened underneath.</param>
public sealed class IptablesException(string message, IReadOnlyList<int>? lines = null, bool isMissing = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Of one flavour of iptables these are all lines that the kernel refused, of the other the one at which the program ended.</summary>
    public IReadOnlyList<int> Lines { get; } = lines ?? [];

    /// <summary>The first of them; null when the program does not say.</summary>
    public int? Line => Lines.Count > 0 ? Lines[0] : null;

    public bool IsMissing { get; } = isMissing;
}
