namespace Canal.Linux.Iptables;

/// <summary>A program refused, did not end in time, or is not there. What it was to write may be there in part: the state is to be read again.</summary>
/// <param name="message">What failed, in the program's own words.</param>
/// <param name="line">The line of the script that it is about, from 1 on; null when the program does not say.</param>
/// <param name="isMissing">There is no such program.</param>
/// <param name="inner">What happened underneath.</param>
public sealed class IptablesException(string message, int? line = null, bool isMissing = false, Exception? inner = null) : Exception(message, inner)
{
    public int? Line { get; } = line;

    public bool IsMissing { get; } = isMissing;
}
