using System.Text.RegularExpressions;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>
/// strongSwan's words for how packets are encrypted, joined by hyphens: encryption first, then integrity, pseudo-random functions, groups. charon has the last word on
/// what it can do; here is refused what would not encrypt or not protect.
/// </summary>
internal static partial class EspProposal
{
    internal const string Default = "aes128gcm16-sha256-prfsha256-ecp256";

    private const int Longest = 255;

    /// <summary>Checks a proposal; flannel's own stands for none.</summary>
    /// <exception cref="FlannelFormatException">It is no proposal, or an unsafe one.</exception>
    internal static string Check(string text)
    {
        if (text.Length == 0) return Default;
        string[] words = text.Length > Longest ? [] : text.Split('-');
        if (words.Length == 0) throw new FlannelFormatException($"ESPProposal has {text.Length} characters, more than {Longest}");
        if (!Cipher().IsMatch(words[0])) throw new FlannelFormatException($"ESPProposal {Problem.Quote(text)} does not begin with an encryption like aes128gcm16 or aes256");
        foreach (string word in words)
            if (!Cipher().IsMatch(word) && !Integrity().IsMatch(word) && !Other().IsMatch(word)) throw new FlannelFormatException($"ESPProposal {Problem.Quote(text)}: {Problem.Quote(word)} is not known");
        if (words.Any(w => Cipher().IsMatch(w) && !Combined().IsMatch(w)) && !words.Any(w => Integrity().IsMatch(w)))
            throw new FlannelFormatException($"ESPProposal {Problem.Quote(text)} has no integrity like sha256");
        return text;
    }

    [GeneratedRegex("^(?:(?:aes|camellia)(?:128|192|256)?(?:ctr|(?:ccm|gcm)(?:8|12|16|64|96|128)?)?|chacha20poly1305|3des)$", RegexOptions.NonBacktracking)]
    private static partial Regex Cipher();

    [GeneratedRegex("ccm|gcm|poly1305", RegexOptions.NonBacktracking)]
    private static partial Regex Combined();

    [GeneratedRegex("^(?:sha|sha1|sha2?_?(?:256|384|512)(?:_96)?|aesxcbc|aescmac)$", RegexOptions.NonBacktracking)]
    private static partial Regex Integrity();

    [GeneratedRegex("^(?:prf[a-z0-9]+|modp[0-9]+(?:s[0-9]+)?|ecp[0-9]+(?:bp)?|(?:x|curve)(?:25519|448)|mlkem[0-9]+|ke[1-7]_[a-z0-9]+|esn|noesn)$", RegexOptions.NonBacktracking)]
    private static partial Regex Other();
}
