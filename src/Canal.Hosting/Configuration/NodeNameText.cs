namespace Canal.Hosting;

/// <summary>A node's name is one segment of an etcd key that other components read: a DNS name in lower case (RFC 1123), as Calico checks it.</summary>
internal static class NodeNameText
{
    private const int Longest = 253;

    public static string? Wrong(string name) => name switch
    {
        "" => "is empty and the host has no name",
        { Length: > Longest } => $"is longer than {Longest} characters",
        _ => name.Split('.').All(IsLabel) ? null : $"is {Quoted.Text(name)}, which is not a DNS name in lower case (letters, digits, \"-\" and \".\")",
    };

    private static bool IsLabel(string label) =>
        label.Length > 0 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
