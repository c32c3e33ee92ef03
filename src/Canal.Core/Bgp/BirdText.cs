using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Text of BIRD's language in the making, indented by blocks. Numbers and addresses are written by value; the two ways in for foreign text are guarded.</summary>
internal sealed class BirdText
{
    private readonly StringBuilder text = new();
    private int depth;

    /// <summary>One line.</summary>
    public BirdText Line(string line)
    {
        text.Append(' ', depth * 2).Append(line).Append('\n');
        return this;
    }

    /// <summary>A line that ends in an opening brace.</summary>
    public BirdText Open(string line)
    {
        Line(line + " {");
        depth++;
        return this;
    }

    public BirdText Close(string end = "}")
    {
        depth--;
        return Line(end);
    }

    /// <summary>Lines of the administrator's own, as they are.</summary>
    public void Verbatim(string snippet)
    {
        if (snippet.Length > 0) text.Append(snippet).Append(snippet.EndsWith('\n') ? "" : "\n");
    }

    /// <summary>A string. Its text must have been validated: BIRD has no escapes, so a quote or a line's end in it would be configuration.</summary>
    public static string Quote(string value)
    {
        foreach (char c in value)
            if (c == '"' || char.IsControl(c)) throw new ArgumentException("text that BIRD cannot quote was not refused", nameof(value));
        return $"\"{value}\"";
    }

    /// <summary>A symbol made of a family and a resource's name: at most 64 characters, long names cut and told apart by their hash.</summary>
    public static string Symbol(string prefix, IpFamily family, string name)
    {
        if (!BgpText.IsName(name)) throw new ArgumentException("a name that BIRD cannot take was not refused", nameof(name));
        const int longest = 45, kept = 28;
        if (name.Length > longest) name = $"{name[..kept]}_{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]}";
        return $"'{prefix}{Digit(family)}.{name}'";
    }

    /// <summary>4 or 6.</summary>
    public static string Digit(IpFamily family) => family == IpFamily.V4 ? "4" : "6";

    /// <summary>A set that holds exactly these prefixes, or with <paramref name="within"/> also their parts.</summary>
    public static string Set(EquatableArray<Cidr> prefixes, bool within) =>
        $"[ {string.Join(", ", prefixes.Select(p => within ? $"{p}+" : p.ToString()))} ]";

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public override string ToString() => text.ToString();
}
