using System.Security.Cryptography;
using System.Text;

namespace Canal.Ctl;

/// <summary>Names of Calico 1 and 2 as Calico 3 converts them: in lower case, of letters, digits, dashes and dots; one that became another has a part of
/// its hash behind it, so that two never become one.</summary>
internal static class V1Names
{
    private const int HashDigits = 8;
    private const string OldNamespaceProfile = "k8s_ns.", NamespaceProfile = "kns.";

    /// <summary>A host's name; without a hash, as an agent makes it of the host's own name.</summary>
    public static string Node(string name)
    {
        StringBuilder text = new();
        foreach (char c in name.ToLowerInvariant().Replace('/', '.'))
        {
            bool known = char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.';
            // A run of other characters is one dash.
            if (known || text.Length == 0 || text[^1] != '\0')
                text.Append(known ? c : '\0');
        }
        return Joined(text.Replace('\0', '-').ToString()).Trim('.', '-');
    }

    /// <summary>Any other name.</summary>
    public static string Of(string name) => Marked(name, Node(name));

    /// <summary>The name of what has a tier: without dots.</summary>
    public static string WithoutDots(string name) => Marked(name, Node(name).Replace('.', '-'));

    /// <summary>A profile's name.</summary>
    public static string Profile(string name) =>
        Of(name.StartsWith(OldNamespaceProfile, StringComparison.Ordinal) ? NamespaceProfile + name[OldNamespaceProfile.Length..] : name);

    /// <summary>Each run of dots and dashes that has a dot is one dot.</summary>
    private static string Joined(string text)
    {
        StringBuilder joined = new();
        for (int i = 0; i < text.Length;)
        {
            int end = i;
            while (end < text.Length && text[end] is '.' or '-')
                end++;
            if (end == i)
                joined.Append(text[i++]);
            else
                joined.Append(text.AsSpan(i, end - i).Contains('.') ? "." : text[i..end]);
            i = Math.Max(i, end);
        }
        return joined.ToString();
    }

#pragma warning disable CA5350 // Not a secret: the hash that Calico's conversion uses.
    private static string Marked(string before, string after) =>
        before == after ? before : $"{after}-{Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(before)))[..HashDigits]}";
#pragma warning restore CA5350
}
