using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// Names of chains and sets of iptables, from those of the nftables table: <c>canal-</c> and the name, where it fits and has no odd characters; else its
/// beginning, a tilde, which no name of ours holds otherwise, and a hash. The rules' comments say the readable thing.
/// </summary>
internal static class IptablesNames
{
    /// <summary>What is called so is ours; nothing else is ever touched.</summary>
    public const string Prefix = "canal-";

    /// <summary>XT_EXTENSION_MAXNAMELEN less the closing NUL.</summary>
    private const int LongestChain = 28;

    /// <summary>IPSET_MAXNAMELEN less the closing NUL.</summary>
    private const int LongestSet = 31;

    /// <summary>72 bits.</summary>
    private const int HashLength = 12;

    /// <summary>The chain that says that a stage accepts.</summary>
    public const string Accept = Prefix + "accept";

    /// <summary>The chain that ends the way of a packet that policy allowed.</summary>
    public const string Allow = Prefix + "allow";

    public static string Chain(string name) => Fit(name, LongestChain);

    public static string Set(string name) => Fit(name, LongestSet);

    /// <summary>The chain of a built-in one: <c>canal-FORWARD</c>.</summary>
    public static string Hook(string builtIn) => Prefix + builtIn;

    /// <summary>A hash of a text in letters, digits, <c>-</c> and <c>_</c>.</summary>
    public static string Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return Base64Url.EncodeToString(hash)[..HashLength];
    }

    private static string Fit(string name, int longest)
    {
        int room = longest - Prefix.Length;
        if (name.Length <= room && name.All(IsPlain)) return Prefix + name;
        string beginning = new([.. name.Take(room - HashLength - 1).Select(c => IsPlain(c) ? c : '_')]);
        return $"{Prefix}{beginning}~{Hash(name)}";
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-';
}
