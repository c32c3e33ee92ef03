using System.Globalization;

namespace Canal.Core.Addressing;

/// <summary>A prefix with its host bits zero. A bare address is the prefix of full length.</summary>
public readonly record struct Cidr : IComparable<Cidr>
{
    /// <summary>Of <c>::ffff:0:0/96</c>, which is all of IPv4.</summary>
    private const int MappedLength = 96;

    /// <summary>The prefix of this length that holds the address; host bits are cleared.</summary>
    public Cidr(IpAddress address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, address.Family.Bits);
        Address = Mask(address, length);
        Length = (byte)length;
    }

    /// <summary>The prefix of one address.</summary>
    public Cidr(IpAddress address) : this(address, address.Family.Bits)
    {
    }

    /// <summary>First address of the prefix.</summary>
    public IpAddress Address { get; }

    /// <summary>0 to 32, or 0 to 128.</summary>
    public byte Length { get; }

    public IpFamily Family => Address.Family;

    /// <summary>True for /32 and /128.</summary>
    public bool IsSingleAddress => Length == Family.Bits;

    /// <summary>Last address of the prefix.</summary>
    public IpAddress Last
    {
        get
        {
            (ulong high, ulong low) = MaskBits(Family, Length);
            return Family == IpFamily.V4
                ? IpAddress.FromV4(Address.V4 | (uint)~low)
                : new IpAddress(IpFamily.V6, Address.High | ~high, Address.Low | ~low);
        }
    }

    public bool Contains(IpAddress address) => address.Family == Family && Mask(address, Length) == Address;

    public bool Contains(Cidr other) => other.Length >= Length && Contains(other.Address);

    /// <summary>
    /// Reads <c>a.b.c.d/n</c>, <c>x::y/n</c> or a bare address; host bits are cleared, as Calico's readers do. Of IPv4-mapped addresses alone it is the IPv4 prefix that they
    /// stand for (<c>::ffff:10.1.2.0/120</c> is <c>10.1.2.0/24</c>), also as there: a packet has no other form of them. A shorter prefix is IPv6.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Cidr cidr)
    {
        cidr = default;
        int slash = text.IndexOf('/');
        if (!IpAddress.TryParseAsWritten(slash < 0 ? text : text[..slash], out IpAddress address)) return false;
        int length = address.Family.Bits;
        if (slash >= 0 && !TryParseLength(text[(slash + 1)..], address.Family, out length)) return false;
        cidr = address.IsMapped && length >= MappedLength ? new Cidr(IpAddress.FromV4(address.V4), length - MappedLength) : new Cidr(address, length);
        return true;
    }

    private static bool TryParseLength(ReadOnlySpan<char> text, IpFamily family, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length) && text.Length <= 3 && length <= family.Bits;

    /// <summary>Reads a prefix that the program itself wrote down; throws <see cref="FormatException"/> on anything else.</summary>
    public static Cidr Parse(string text) => TryParse(text, out Cidr cidr) ? cidr : throw new FormatException($"'{text}' is not a CIDR");

    private static IpAddress Mask(IpAddress address, int length)
    {
        (ulong high, ulong low) = MaskBits(address.Family, length);
        return new IpAddress(address.Family, address.High & high, address.Low & low);
    }

    private static (ulong High, ulong Low) MaskBits(IpFamily family, int length) => family == IpFamily.V4
        ? (0, length == 0 ? 0UL : uint.MaxValue << (32 - length))
        : (length >= 64 ? ulong.MaxValue : length == 0 ? 0 : ulong.MaxValue << (64 - length),
           length <= 64 ? 0 : ulong.MaxValue << (128 - length));

    /// <summary>By first address, wider before narrower.</summary>
    public int CompareTo(Cidr other)
    {
        int order = Address.CompareTo(other.Address);
        return order != 0 ? order : Length.CompareTo(other.Length);
    }

    /// <summary>Always with the length: <c>10.0.0.1/32</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");

    public static bool operator <(Cidr left, Cidr right) => left.CompareTo(right) < 0;
    public static bool operator >(Cidr left, Cidr right) => left.CompareTo(right) > 0;
    public static bool operator <=(Cidr left, Cidr right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Cidr left, Cidr right) => left.CompareTo(right) >= 0;
}
