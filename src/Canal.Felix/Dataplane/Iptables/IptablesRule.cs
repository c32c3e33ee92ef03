using System.Text;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// A rule in iptables-restore's words. A hash of it stands in its comment, by which it is known again after a restart: iptables prints rules in its own
/// words, so that the text itself could not be compared.
/// </summary>
/// <param name="Matches">Each with a space before it; may be empty.</param>
/// <param name="Target">With a space before it; may be empty.</param>
/// <param name="Comment">What an operator reads.</param>
internal sealed record IptablesRule(string Matches, string Target, string Comment = "")
{
    /// <summary>What our comments begin with.</summary>
    public const string Mark = "canal:";

    /// <summary>XT_MAX_COMMENT_LEN less the closing NUL.</summary>
    private const int LongestComment = 255;

    /// <summary>A hash of everything the rule says.</summary>
    public string Identity { get; } = IptablesNames.Hash($"{Matches}\n{Target}\n{Comment}");

    /// <summary>The chain of ours that it jumps or goes to; "" when it does neither.</summary>
    public string Calls => Target.StartsWith($" -j {IptablesNames.Prefix}", StringComparison.Ordinal) || Target.StartsWith($" -g {IptablesNames.Prefix}", StringComparison.Ordinal) ? Target[" -j ".Length..] : "";

    /// <summary>The rule without the command and the chain.</summary>
    public override string ToString() => $"{Matches} -m comment --comment {Quote($"{Mark}{Identity}{(Comment.Length > 0 ? " " : "")}{Comment}", LongestComment)}{Target}";

    /// <summary>In double quotes where it must be, and no longer than so many bytes.</summary>
    public static string Quote(string text, int longest)
    {
        StringBuilder quoted = new();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > longest) break;
            if (rune.Value is '"' or '\\') quoted.Append('\\');
            quoted.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return $"\"{quoted}\"";
    }

    /// <summary>The identity in a line that iptables-save printed; null when the rule is none of ours.</summary>
    public static string? IdentityIn(string line)
    {
        int at = line.IndexOf($" --comment \"{Mark}", StringComparison.Ordinal), length = $" --comment \"{Mark}".Length;
        // A comment of one word is printed without quotes.
        if (at < 0) (at, length) = (line.IndexOf($" --comment {Mark}", StringComparison.Ordinal), $" --comment {Mark}".Length);
        return at < 0 || line.Length < at + length + IdentityLength ? null : line.Substring(at + length, IdentityLength);
    }

    /// <summary>What stands behind the identity in such a line.</summary>
    public static string CommentIn(string line)
    {
        int at = line.IndexOf($" --comment \"{Mark}", StringComparison.Ordinal);
        if (at < 0) return "";
        StringBuilder text = new();
        for (int i = at + $" --comment \"{Mark}".Length + IdentityLength; i < line.Length && line[i] != '"'; i++)
        {
            if (line[i] == '\\' && i + 1 < line.Length) i++;
            text.Append(line[i]);
        }
        return text.ToString().Trim();
    }

    private const int IdentityLength = 12;
}
