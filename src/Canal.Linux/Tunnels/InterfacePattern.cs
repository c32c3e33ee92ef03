using System.Text.RegularExpressions;

namespace Canal.Linux.Tunnels;

/// <summary>
/// A regular expression for names of interfaces. Made without options on purpose: the constructor that takes them brings two more engines into the binary,
/// 1 MB. What would take too long matches nothing.
/// </summary>
public sealed class InterfacePattern
{
    private readonly Regex regex;

    /// <summary>Regex reads this once, before the first one is made.</summary>
    static InterfacePattern() => AppContext.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromMilliseconds(100));

    /// <exception cref="ArgumentException">The text is no regular expression.</exception>
    public InterfacePattern(string pattern) => regex = new Regex(Text = pattern);

    public string Text { get; }

    /// <summary>What is wrong with a text, as the end of a sentence; null when it is a regular expression.</summary>
    public static string? Wrong(string pattern)
    {
        try
        {
            _ = new InterfacePattern(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"is no regular expression: {e.Message}";
        }
    }

    public bool Matches(string name)
    {
        try
        {
            return regex.IsMatch(name);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
