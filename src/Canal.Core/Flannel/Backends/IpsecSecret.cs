using System.Security.Cryptography;
using System.Text;

namespace Canal.Core.Flannel;

/// <summary>What all hosts of an ipsec network share: bytes that nothing prints. Compared in the same time whatever differs.</summary>
public sealed class IpsecSecret : IEquatable<IpsecSecret>
{
    /// <summary>Fewer bytes flannel refuses.</summary>
    public const int Shortest = 96;

    /// <summary>More would not fit in what charon takes.</summary>
    public const int Longest = 4096;

    private readonly byte[] bytes;

    private IpsecSecret(byte[] bytes) => this.bytes = bytes;

    /// <summary>Takes UTF-8 of a text.</summary>
    /// <exception cref="FlannelFormatException">It is too short or too long; the message does not hold it.</exception>
    public static IpsecSecret Of(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length switch
        {
            0 => throw new FlannelFormatException($"the backend ipsec needs PSK, a secret of at least {Shortest} characters that all hosts share"),
            < Shortest => throw new FlannelFormatException($"PSK has {bytes.Length} characters, flannel wants at least {Shortest}"),
            > Longest => throw new FlannelFormatException($"PSK has {bytes.Length} characters, more than {Longest}"),
            _ => new IpsecSecret(bytes),
        };
    }

    /// <summary>A copy, for whoever wipes it after use.</summary>
    public byte[] ToBytes() => [.. bytes];

    public bool Equals(IpsecSecret? other) => other is not null && CryptographicOperations.FixedTimeEquals(bytes, other.bytes);

    public override bool Equals(object? obj) => Equals(obj as IpsecSecret);

    /// <summary>The same for all: a hash would tell something of the secret.</summary>
    public override int GetHashCode() => 0;

    public override string ToString() => "secret";
}
