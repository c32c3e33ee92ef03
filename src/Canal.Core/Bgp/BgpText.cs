using System.Buffers;

namespace Canal.Core.Bgp;

/// <summary>What foreign text may be when it reaches BIRD's configuration. BIRD's strings and symbols know no escapes, so nothing else ever does.</summary>
internal static class BgpText
{
    private const int LongestInterface = 15;
    private const int LongestName = 253;

    private static readonly SearchValues<char> Name = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    private static readonly SearchValues<char> Pattern = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*");

    /// <summary>Names of resources: letters, digits and <c>. - _</c>.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName && !text.AsSpan().ContainsAnyExcept(Name);

    /// <summary>Names of interfaces with <c>*</c> for any text.</summary>
    public static bool IsInterfacePattern(string text) => text.Length is > 0 and <= LongestInterface && !text.AsSpan().ContainsAnyExcept(Pattern);

    /// <summary>One part of a path below the folder of secrets.</summary>
    public static bool IsPathPart(string text) => IsName(text) && text is not ("." or "..");
}
