using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Canal.Core.Addressing;

/// <summary>An IPv4 or IPv6 address as a value: 24 bytes, no allocation, usable as a key.</summary>
/// <param name="Family">Which of the two.</param>
/// <param name="High">Upper 64 bits of an IPv6 address; 0 for IPv4.</param>
/// <param name="Low">Lower 64 bits of an IPv6 address; the 32-bit value of an IPv4 address.</param>
public readonly record struct IpAddress(IpFamily Family, ulong High, ulong Low) : IComparable<IpAddress>
{
    /// <summary>The IPv4 address with this value in host order.</summary>
    public static IpAddress FromV4(uint value) => new(IpFamily.V4, 0, value);

    /// <summary>The address in 4 or 16 bytes of network order. An IPv4-mapped IPv6 address stays IPv6: this is for bytes that come from the kernel.</summary>
    public static IpAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        16 => new(IpFamily.V6, BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..])),
        _ => throw new ArgumentException($"an address has 4 or 16 bytes, not {bytes.Length}", nameof(bytes)),
    };

    /// <summary>The IPv4 value in host order; meaningless for IPv6.</summary>
    public uint V4 => (uint)Low;

    /// <summary>Writes 4 or 16 bytes in network order; returns how many.</summary>
    public int WriteBytes(Span<byte> target)
    {
        if (Family == IpFamily.V4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, V4);
            return 4;
        }
        BinaryPrimitives.WriteUInt64BigEndian(target, High);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Low);
        return 16;
    }

    /// <summary>Reads dotted or colon form as Calico's writers do: no zone, no leading zeros in IPv4, an IPv4-mapped IPv6 address is IPv4.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        bool ok = TryParseAsWritten(text, out address);
        if (address.IsMapped) address = FromV4(address.V4);
        return ok;
    }

    /// <summary>As <see cref="TryParse"/>, but an IPv4-mapped IPv6 address stays IPv6: the length of a prefix counts from the start of what is written.</summary>
    internal static bool TryParseAsWritten(ReadOnlySpan<char> text, out IpAddress address)
    {
        if (text.Contains(':'))
            return TryParseV6(text, out address);
        bool ok = TryParseV4(text, out uint value);
        address = FromV4(value);
        return ok;
    }

    /// <summary>An IPv6 address that stands for an IPv4 address: <c>::ffff:10.1.2.3</c>.</summary>
    internal bool IsMapped => Family == IpFamily.V6 && High == 0 && Low >> 32 == 0xffff;

    private static bool TryParseV4(ReadOnlySpan<char> text, out uint value)
    {
        value = 0;
        int octets = 0, digits = 0, octet = 0;
        foreach (char c in text)
        {
            if (c == '.')
            {
                if (digits == 0 || ++octets > 3) return false;
                value = (value << 8) | (uint)octet;
                (digits, octet) = (0, 0);
                continue;
            }
            if (!char.IsAsciiDigit(c) || (digits > 0 && octet == 0)) return false;
            octet = octet * 10 + (c - '0');
            if (++digits > 3 || octet > 255) return false;
        }
        value = (value << 8) | (uint)octet;
        return octets == 3 && digits > 0;
    }

    private static readonly SearchValues<char> V6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private static bool TryParseV6(ReadOnlySpan<char> text, out IpAddress address)
    {
        address = default;
        if (text.ContainsAnyExcept(V6Characters) || !IPAddress.TryParse(text, out IPAddress? parsed)) return false;
        if (parsed.AddressFamily != AddressFamily.InterNetworkV6) return false;
        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = FromBytes(bytes);
        return true;
    }

    /// <summary>Reads an address that the program itself wrote down; throws <see cref="FormatException"/> on anything else.</summary>
    public static IpAddress Parse(string text) =>
        TryParse(text, out IpAddress address) ? address : throw new FormatException($"'{text}' is not an IP address");

    /// <summary>IPv4 before IPv6, then by value.</summary>
    public int CompareTo(IpAddress other)
    {
        int order = Family.CompareTo(other.Family);
        if (order == 0) order = High.CompareTo(other.High);
        return order != 0 ? order : Low.CompareTo(other.Low);
    }

    /// <summary>RFC 5952 form.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        int length = WriteBytes(bytes);
        return new IPAddress(bytes[..length]).ToString();
    }

    public static bool operator <(IpAddress left, IpAddress right) => left.CompareTo(right) < 0;
    public static bool operator >(IpAddress left, IpAddress right) => left.CompareTo(right) > 0;
    public static bool operator <=(IpAddress left, IpAddress right) => left.CompareTo(right) <= 0;
    public static bool operator >=(IpAddress left, IpAddress right) => left.CompareTo(right) >= 0;
}
