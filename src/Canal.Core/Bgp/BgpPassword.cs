using System.Text;

namespace Canal.Core.Bgp;

/// <summary>A session's password. Shows itself nowhere but in <see cref="Text"/>.</summary>
public readonly record struct BgpPassword(string Text)
{
    /// <summary>The kernel's limit for TCP MD5 signatures (tcp(7)).</summary>
    public const int LongestBytes = 80;

    /// <summary>What is wrong with it, without saying what it is; null for nothing. BIRD's strings know no escapes.</summary>
    public string? Wrong()
    {
        if (Text.Length == 0) return "is empty";
        if (Encoding.UTF8.GetByteCount(Text) > LongestBytes) return $"is longer than {LongestBytes} bytes";
        foreach (char c in Text)
            if (c == '"' || char.IsControl(c)) return "holds a double quote or a control character, which BIRD cannot take";
        return null;
    }

    public override string ToString() => "(secret)";
}
