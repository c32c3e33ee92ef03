using System.Security.Cryptography;

namespace Canal.Core.Overlay;

/// <summary>A preshared key of WireGuard's: 32 bytes that nothing prints. Compared in the same time whatever differs.</summary>
public sealed class WireGuardSecret : IEquatable<WireGuardSecret>
{
    private readonly byte[] bytes;

    private WireGuardSecret(byte[] bytes) => this.bytes = bytes;

    /// <summary>All zero, which is how the kernel says that there is none.</summary>
    public static WireGuardSecret None { get; } = new(new byte[WireGuardKey.Length]);

    public static WireGuardSecret FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == WireGuardKey.Length ? new WireGuardSecret(bytes.ToArray()) : throw new ArgumentException($"a key has {WireGuardKey.Length} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>Reads base 64; null for anything else.</summary>
    public static WireGuardSecret? TryParse(string text)
    {
        Span<byte> bytes = stackalloc byte[WireGuardKey.Length];
        return Convert.TryFromBase64String(text, bytes, out int written) && written == WireGuardKey.Length ? FromBytes(bytes) : null;
    }

    public void WriteBytes(Span<byte> target) => bytes.CopyTo(target);

    public bool Equals(WireGuardSecret? other) => other is not null && CryptographicOperations.FixedTimeEquals(bytes, other.bytes);

    public override bool Equals(object? obj) => Equals(obj as WireGuardSecret);

    /// <summary>The same for all: a hash would tell something of the key.</summary>
    public override int GetHashCode() => 0;

    public override string ToString() => Equals(None) ? "none" : "secret";
}
