using Canal.Core;
using Canal.Linux.Tunnels;

namespace Canal.Felix.Configuration;

/// <summary>Calico's InterfaceExclude: names of interfaces, and regular expressions between slashes.</summary>
internal sealed class ExcludedInterfaces(EquatableArray<string> items)
{
    private readonly HashSet<string> names = [.. items.Where(item => Pattern(item) is null)];
    private readonly InterfacePattern[] patterns = [.. items.Select(Pattern).OfType<string>().Select(pattern => new InterfacePattern(pattern))];

    public bool Contains(string name) => names.Contains(name) || Array.Exists(patterns, pattern => pattern.Matches(name));

    /// <summary>What is wrong with an item, as the end of a sentence; else null.</summary>
    public static string? Wrong(string item)
    {
        if (Pattern(item) is string pattern) return InterfacePattern.Wrong(pattern);
        return InterfaceName.IsValid(item) ? null : "is neither the name of an interface nor a regular expression between slashes";
    }

    private static string? Pattern(string item) => item.Length > 2 && item[0] == '/' && item[^1] == '/' ? item[1..^1] : null;
}
