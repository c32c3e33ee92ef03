using System.Buffers;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The spellings names of different sorts may have (Kubernetes' and Calico's own).</summary>
internal static class Names
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    // What is allowed, to follow what is not.
    public const string OfResources = ": up to 253 lower case letters, digits, dashes and dots, each part between dots beginning and ending with a letter or digit";
    public const string OfLabels = ": an optional domain and a slash, then up to 63 letters, digits and inner - _ .";
    public const string OfPorts = ": up to 15 lower case letters, digits and single inner dashes, with a letter";
    public const string OfInterfaces = ": up to 15 letters, digits and - _ .";

    private static readonly SearchValues<char> Lower = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> Mixed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    private static readonly SearchValues<char> InterfaceCharacters = Mixed;
    private static readonly SearchValues<char> PatternCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*");
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._+-");

    public static string OfFamily(IpFamily family) => family == IpFamily.V4 ? "IPv4" : "IPv6";

    /// <summary>Labels with dots between.</summary>
    public static bool IsName(ReadOnlySpan<char> text) => text.Length <= LongestName && AreLabels(text);

    /// <summary>Lower case letters, digits and inner dashes.</summary>
    public static bool IsLabel(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Lower) && text[0] != '-' && text[^1] != '-';

    /// <summary>A tier's name: one label of at most 63 characters.</summary>
    public static bool IsTierName(ReadOnlySpan<char> text) => text.Length <= LongestLabel && IsLabel(text);

    /// <summary>A global policy's name: one label, or two with a dot between.</summary>
    public static bool IsPolicyName(ReadOnlySpan<char> text) => IsName(text) && text.Count('.') <= 1;

    /// <summary>A namespaced policy's name: as a global one's, or one of an orchestrator's own.</summary>
    public static bool IsNamespacedPolicyName(ReadOnlySpan<char> text) =>
        IsPolicyName(text) || (IsName(text) && (text.StartsWith("knp.default.") || text.StartsWith("ossg.default.")));

    /// <summary>A label's name: an optional domain and a slash, then up to 63 letters, digits and inner <c>- _ .</c>.</summary>
    public static bool IsQualified(ReadOnlySpan<char> text)
    {
        int slash = text.IndexOf('/');
        if (slash >= 0 && !IsName(text[..slash])) return false;
        return IsLabelText(text[(slash + 1)..]);
    }

    /// <summary>A label's value; may be empty.</summary>
    public static bool IsLabelValue(ReadOnlySpan<char> text) => text.IsEmpty || IsLabelText(text);

    /// <summary>The name of an endpoint's port.</summary>
    public static bool IsPortName(ReadOnlySpan<char> text) =>
        text.Length <= 15 && IsLabel(text) && text.ContainsAnyInRange('a', 'z') && !text.Contains("--", StringComparison.Ordinal);

    /// <summary>A workload's interface.</summary>
    public static bool IsInterface(ReadOnlySpan<char> text) => text is "*" || (text.Length is > 0 and <= 15 && !text.ContainsAnyExcept(InterfaceCharacters));

    /// <summary>An interface's name in which <c>*</c> stands for anything.</summary>
    public static bool IsInterfacePattern(ReadOnlySpan<char> text) => text.Length is > 0 and <= 15 && !text.ContainsAnyExcept(PatternCharacters);

    /// <summary>An interface's name as iptables takes it, where <c>+</c> at the end stands for anything.</summary>
    public static bool IsInterfaceFilter(ReadOnlySpan<char> text) => text.Length is > 0 and <= 15 && !text.ContainsAnyExcept(HostCharacters);

    /// <summary>A host to listen on: a name or an address.</summary>
    public static bool IsHost(ReadOnlySpan<char> text) => text.Length is > 0 and <= 64 && !text.ContainsAnyExcept(HostCharacters);

    /// <summary>A container's id: letters, digits and inner dashes.</summary>
    public static bool IsContainerId(ReadOnlySpan<char> text) =>
        !text.IsEmpty && !text.ContainsAnyExcept(Mixed) && !text.ContainsAny('_', '.') && text[0] != '-' && text[^1] != '-';

    private static bool IsLabelText(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= LongestLabel && !text.ContainsAnyExcept(Mixed) && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    private static bool AreLabels(ReadOnlySpan<char> text)
    {
        foreach (Range range in text.Split('.'))
            if (!IsLabel(text[range])) return false;
        return true;
    }
}
