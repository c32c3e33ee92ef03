using System.Buffers.Binary;

namespace Canal.Core.Overlay;

/// <summary>A public key of WireGuard's: 32 bytes, in base 64 where it is text. Private keys are never values of this kind: they have no text.</summary>
public readonly record struct WireGuardKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Length = 32;

    private readonly ulong a, b, c, d;

    private WireGuardKey(ReadOnlySpan<byte> bytes)
    {
        a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>All zero, which stands for no key.</summary>
    public bool IsNone => this == default;

    public static WireGuardKey FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Length ? new WireGuardKey(bytes) : throw new ArgumentException($"a key has {Length} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>Reads base 64. False for anything else, and for the key that stands for none.</summary>
    public static bool TryParse(string text, out WireGuardKey key)
    {
        Span<byte> bytes = stackalloc byte[Length];
        key = Convert.TryFromBase64String(text, bytes, out int written) && written == Length ? new WireGuardKey(bytes) : default;
        return !key.IsNone;
    }

    public static WireGuardKey Parse(string text) => TryParse(text, out WireGuardKey key) ? key : throw new FormatException($"'{text}' is not a WireGuard key");

    public void WriteBytes(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, a);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], d);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        WriteBytes(bytes);
        return Convert.ToBase64String(bytes);
    }
}
