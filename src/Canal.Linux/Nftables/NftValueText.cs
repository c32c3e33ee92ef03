using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>The right side of a match as nft prints it.</summary>
internal static class NftValueText
{
    /// <summary>Operator and value after the left side.</summary>
    internal static string Comparison(NftOperand operand, uint operation, ReadOnlySpan<byte> value)
    {
        string not = operation == NFT_CMP_NEQ ? "!= " : "";
        switch (operand.Kind)
        {
            case NftOperand.Type.CtState when operand.Mask is { } states:
                // Any of the states is "not zero".
                return (operation == NFT_CMP_NEQ ? "" : "! ") + NftNames.CtStates(BinaryPrimitives.ReadUInt32LittleEndian(states));
            case NftOperand.Type.CtStatus when operand.Mask is { } status && BinaryPrimitives.ReadUInt32LittleEndian(status) == IPS_DST_NAT:
                return operation == NFT_CMP_NEQ ? "dnat" : "! dnat";
            case NftOperand.Type.Mark when operand.Mask is { } mask:
                return $"& {Mark(mask)} {(not.Length == 0 ? "== " : not)}{Mark(value)}";
            case NftOperand.Type.TcpFlags when operand.Mask is { } flags:
                return $"{not}{NftNames.TcpFlags(value[0])} / {NftNames.TcpFlags(flags[0])}";
            case NftOperand.Type.Address:
                return not + Prefix(value, operand.Mask, operand.Text.StartsWith("ip6", StringComparison.Ordinal));
            case NftOperand.Type.IcmpPair:
                return $"{not}{NftNames.IcmpType(value[0])} icmp code {not}{NftNames.IcmpCode(value[1])}";
            case NftOperand.Type.Icmpv6Pair:
                return $"{not}{NftNames.Icmpv6Type(value[0])} icmpv6 code {not}{NftNames.Icmpv6Code(value[1])}";
            default:
                return not + Value(operand.Kind, value);
        }
    }

    internal static string Value(NftOperand.Type kind, ReadOnlySpan<byte> value) => kind switch
    {
        NftOperand.Type.IfName => $"\"{Text(value)}{(value.Length < IFNAMSIZ ? "*" : "")}\"",
        NftOperand.Type.Mark => Mark(value),
        NftOperand.Type.Family => value[0] switch { NFPROTO_IPV4 => "ipv4", NFPROTO_IPV6 => "ipv6", byte other => Number(other) },
        NftOperand.Type.Protocol => NftNames.Protocol(value[0]),
        NftOperand.Type.Address => IpAddress.FromBytes(value).ToString(),
        NftOperand.Type.Port => Number(BinaryPrimitives.ReadUInt16BigEndian(value)),
        NftOperand.Type.IcmpType => NftNames.IcmpType(value[0]),
        NftOperand.Type.Icmpv6Type => NftNames.Icmpv6Type(value[0]),
        NftOperand.Type.IcmpCode => NftNames.IcmpCode(value[0]),
        NftOperand.Type.Icmpv6Code => NftNames.Icmpv6Code(value[0]),
        NftOperand.Type.FibType when BinaryPrimitives.ReadUInt32LittleEndian(value) == RTN_LOCAL => "local",
        NftOperand.Type.FibType or NftOperand.Type.FibInterface => Number((int)BinaryPrimitives.ReadUInt32LittleEndian(value)),
        NftOperand.Type.CtState => NftNames.CtStates(BinaryPrimitives.ReadUInt32LittleEndian(value)),
        _ => $"0x{Convert.ToHexStringLower(value)}",
    };

    /// <summary>The content of a set, between braces.</summary>
    internal static string Elements(NftKeyType type, NftSetFlags flags, ReadOnlySpan<byte> list)
    {
        List<string> texts = [];
        byte[]? start = null;
        foreach (NetlinkAttribute entry in new NetlinkAttributes(list))
        {
            NetlinkAttributes element = entry.Nested;
            byte[] key = new NetlinkAttributes(element.Find(NFTA_SET_ELEM_KEY)).Find(NFTA_DATA_VALUE).ToArray();
            if (NftElementCollector.IsEnd(element.Find(NFTA_SET_ELEM_FLAGS)))
            {
                texts[^1] = Range(type, start!, key);
                start = null;
                continue;
            }
            start = key;
            texts.Add(Key(type, key));
        }
        // The range that holds the last key of all has no END: the key after it is zero again.
        if (start is not null && (flags & NftSetFlags.Interval) != 0) texts[^1] = Range(type, start, new byte[start.Length]);
        return $"{{ {string.Join(", ", texts)} }}";
    }

    /// <summary>The range from a first key to the one before the next.</summary>
    internal static string Range(NftKeyType type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> next)
    {
        byte[] last = next.ToArray();
        for (int i = last.Length - 1; i >= 0 && last[i]-- == 0; i--)
        {
        }
        if (first.SequenceEqual(last)) return Key(type, first);
        if (type.Fields[0] == NftKeyType.Ipv4 || type.Fields[0] == NftKeyType.Ipv6)
        {
            IpAddress from = IpAddress.FromBytes(first), to = IpAddress.FromBytes(last);
            for (int length = from.Family.Bits; length >= 0; length--)
                if (new Cidr(from, length) is Cidr prefix && prefix.Address == from && prefix.Last == to) return prefix.ToString();
        }
        return $"{Key(type, first)}-{Key(type, last)}";
    }

    /// <summary>A key as nft prints it in a listing: with words where it has some.</summary>
    internal static string Key(NftKeyType type, ReadOnlySpan<byte> key)
    {
        StringBuilder text = new();
        foreach (NftKeyType field in type.Fields)
        {
            if (text.Length > 0) text.Append(" . ");
            text.Append(Value(KindOf(field), key[..field.Length]));
            key = key[Math.Min(key.Length, (field.Length + 3) & ~3)..];
        }
        return text.ToString();
    }

    internal static string Mark(ReadOnlySpan<byte> value) => $"0x{BinaryPrimitives.ReadUInt32LittleEndian(value):x8}";

    private static NftOperand.Type KindOf(NftKeyType type)
    {
        if (type == NftKeyType.Ipv4 || type == NftKeyType.Ipv6) return NftOperand.Type.Address;
        if (type == NftKeyType.Port) return NftOperand.Type.Port;
        if (type == NftKeyType.Protocol) return NftOperand.Type.Protocol;
        if (type == NftKeyType.IfName) return NftOperand.Type.IfName;
        if (type == NftKeyType.Mark) return NftOperand.Type.Mark;
        if (type == NftKeyType.IcmpType) return NftOperand.Type.IcmpType;
        if (type == NftKeyType.Icmpv6Type) return NftOperand.Type.Icmpv6Type;
        if (type == NftKeyType.IcmpCode) return NftOperand.Type.IcmpCode;
        return type == NftKeyType.Icmpv6Code ? NftOperand.Type.Icmpv6Code : NftOperand.Type.Unknown;
    }

    private static string Prefix(ReadOnlySpan<byte> value, byte[]? mask, bool v6)
    {
        Span<byte> address = stackalloc byte[v6 ? 16 : 4];
        address.Clear();
        value.CopyTo(address);
        int length = value.Length * 8;
        if (mask is not null)
        {
            length = 0;
            foreach (byte part in mask) length += BitOperations.PopCount(part);
        }
        string text = IpAddress.FromBytes(address).ToString();
        return length == address.Length * 8 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}/{length}");
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
