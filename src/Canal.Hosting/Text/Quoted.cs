namespace Canal.Hosting;

/// <summary>
/// A value from outside as it is shown in an error: in quotes, escaped, without the credentials of a URL, and cut so that a megabyte of nonsense stays one line.
/// </summary>
internal static class Quoted
{
    private const int Longest = 60;

    public static string Text(string text)
    {
        string shown = WithoutCredentials(text);
        return shown.Length <= Longest ? $"\"{EscapedText.Of(shown)}\"" : $"\"{EscapedText.Of(shown[..Longest])}…\"";
    }

    private static string WithoutCredentials(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int at = text.LastIndexOf('@');
        return scheme >= 0 && at > scheme ? string.Concat(text.AsSpan(0, scheme + 3), "…", text.AsSpan(at)) : text;
    }
}
