using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Linux.Nftables;

/// <summary>
/// Type of a set's key: one of nft's data types, or several concatenated. The number is only for nft's printing (include/datatype.h); the kernel
/// looks at the length. In a concatenation every field is padded with zeros to 4 bytes: dirty padding never matches.
/// </summary>
public sealed record NftKeyType
{
    private readonly ImmutableArray<NftKeyType> fields;

    private NftKeyType(string name, uint number, int length, bool hostOrder = false)
    {
        (Name, Number, Length, IsHostOrder) = (name, number, length, hostOrder);
        fields = [this];
    }

    private NftKeyType(NftKeyType[] parts)
    {
        fields = [.. parts];
        Name = string.Join(" . ", parts.Select(part => part.Name));
        foreach (NftKeyType part in parts)
        {
            Number = (Number << 6) | part.Number;
            Length += Pad(part.Length);
        }
    }

    public static NftKeyType Ipv4 { get; } = new("ipv4_addr", 7, 4);
    public static NftKeyType Ipv6 { get; } = new("ipv6_addr", 8, 16);
    public static NftKeyType EtherAddress { get; } = new("ether_addr", 9, 6);
    public static NftKeyType Protocol { get; } = new("inet_proto", 12, 1);
    public static NftKeyType Port { get; } = new("inet_service", 13, 2);
    public static NftKeyType IcmpType { get; } = new("icmp_type", 14, 1);
    public static NftKeyType Mark { get; } = new("mark", 19, 4, hostOrder: true);
    public static NftKeyType Icmpv6Type { get; } = new("icmpv6_type", 29, 1);
    public static NftKeyType IcmpCode { get; } = new("icmp_code", 32, 1);
    public static NftKeyType Icmpv6Code { get; } = new("icmpv6_code", 33, 1);
    public static NftKeyType IfName { get; } = new("ifname", 41, 16, hostOrder: true);

    /// <summary>address . protocol . port</summary>
    public static NftKeyType Ipv4ProtocolPort { get; } = Concatenate(Ipv4, Protocol, Port);

    /// <summary>address . protocol . port</summary>
    public static NftKeyType Ipv6ProtocolPort { get; } = Concatenate(Ipv6, Protocol, Port);

    private static readonly ImmutableArray<NftKeyType> Known =
        [Ipv4, Ipv6, EtherAddress, Protocol, Port, IcmpType, Mark, Icmpv6Type, IcmpCode, Icmpv6Code, IfName];

    /// <summary>As nft writes it after <c>type</c>.</summary>
    public string Name { get; }

    /// <summary>NFTA_SET_KEY_TYPE: 6 bits a field.</summary>
    public uint Number { get; }

    /// <summary>Bytes of a key, padding of concatenated fields included.</summary>
    public int Length { get; }

    /// <summary>Values are in host order (marks, interface names), else network order.</summary>
    public bool IsHostOrder { get; }

    public bool IsConcatenation => fields.Length > 1;

    /// <summary>The fields of a concatenation, or the type itself.</summary>
    public ReadOnlySpan<NftKeyType> Fields => fields.AsSpan();

    /// <summary>ipv4_addr or ipv6_addr.</summary>
    public static NftKeyType Address(IpFamily family) => family == IpFamily.V4 ? Ipv4 : Ipv6;

    /// <summary>address . protocol . port of a family.</summary>
    public static NftKeyType AddressProtocolPort(IpFamily family) => family == IpFamily.V4 ? Ipv4ProtocolPort : Ipv6ProtocolPort;

    /// <summary>Two to five fields side by side.</summary>
    public static NftKeyType Concatenate(params NftKeyType[] parts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts.Length, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts.Length, 5);
        return new NftKeyType(parts);
    }

    /// <summary>The type that the kernel describes by number and length; unknown numbers give a type that prints in hexadecimal.</summary>
    public static NftKeyType From(uint number, int length)
    {
        List<NftKeyType> parts = [];
        for (uint rest = number; rest != 0; rest >>= 6)
        {
            NftKeyType? part = Known.FirstOrDefault(known => known.Number == (rest & 63));
            if (part is null) return new NftKeyType($"type {number:x}", number, length);
            parts.Insert(0, part);
        }
        NftKeyType? found = parts.Count switch { 0 => null, 1 => parts[0], _ => new NftKeyType([.. parts]) };
        return found is not null && found.Length == length ? found : new NftKeyType($"type {number:x}", number, length);
    }

    /// <summary>A key as nft prints it: <c>10.0.0.1 . 6 . 80</c>.</summary>
    public string Format(ReadOnlySpan<byte> key)
    {
        if (key.Length != Length) return Convert.ToHexStringLower(key);
        if (!IsConcatenation) return FormatField(key);
        StringBuilder text = new();
        foreach (NftKeyType field in fields)
        {
            if (text.Length > 0) text.Append(" . ");
            text.Append(field.FormatField(key[..field.Length]));
            key = key[Pad(field.Length)..];
        }
        return text.ToString();
    }

    public bool Equals(NftKeyType? other) => other is not null && other.Number == Number && other.Length == Length;

    public override int GetHashCode() => HashCode.Combine(Number, Length);

    public override string ToString() => Name;

    private string FormatField(ReadOnlySpan<byte> value)
    {
        if (this == Ipv4 || this == Ipv6) return IpAddress.FromBytes(value).ToString();
        if (this == IfName) return InterfaceName(value);
        if (this == Port) return BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture);
        if (this == Mark) return $"0x{BinaryPrimitives.ReadUInt32LittleEndian(value):x8}";
        if (this == EtherAddress) return MacAddress.FromBytes(value).ToString();
        return value.Length == 1 ? value[0].ToString(CultureInfo.InvariantCulture) : $"0x{Convert.ToHexStringLower(value)}";
    }

    private static string InterfaceName(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
    }

    private static int Pad(int length) => (length + 3) & ~3;
}
