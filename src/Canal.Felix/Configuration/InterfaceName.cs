namespace Canal.Felix.Configuration;

/// <summary>Names of interfaces that may stand in chain names and sysctl paths.</summary>
internal static class InterfaceName
{
    /// <summary>IFNAMSIZ less the closing NUL.</summary>
    public const int LongestName = 15;

    /// <summary>Calico's own rule: 1 to 15 of letters, digits, '_', '.', '-'; and not a path.</summary>
    public static bool IsValid(string name) => name.Length is > 0 and <= LongestName && name.All(IsNameCharacter) && name is not ("." or "..");

    /// <summary>The sentence for a prefix that cannot be one, or null.</summary>
    public static string? WrongPrefix(string prefix) =>
        prefix.Length is > 0 and < LongestName && prefix.All(IsNameCharacter) ? null : "must be 1 to 14 letters, digits, '_', '.' or '-'";

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
}
