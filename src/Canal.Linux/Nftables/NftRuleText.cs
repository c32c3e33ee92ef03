using System.Buffers.Binary;
using System.Globalization;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// Turns the expressions of a rule back into the line that nft prints, by following what each register holds. Knows what <see cref="NftRuleBuilder"/>
/// writes; another program's expressions come out by their name.
/// </summary>
internal sealed class NftRuleText
{
    private readonly List<string> parts = [];
    private readonly List<(uint Register, NftOperand Operand)> loaded = [];
    private readonly IReadOnlyList<string> anonymousSets;
    private int nextSet;
    private IpFamily? family;
    private string? transport;
    private int familyPart = -1;
    private int protocolPart = -1;
    private string? rangeStart;

    private readonly NftCounter? counter;

    private NftRuleText(IReadOnlyList<string> anonymousSets, NftCounter? counter) => (this.anonymousSets, this.counter) = (anonymousSets, counter);

    internal static string Format(NftRule rule)
    {
        List<string> sets = [];
        foreach (NftAnonymousLookup lookup in rule.Lookups) sets.Add(NftValueText.Elements(lookup.Set.Key, lookup.Set.Flags, lookup.Set.Elements));
        return Format(rule.Expressions, sets, rule.Comment);
    }

    /// <summary>The content of anonymous sets is given in the order of their lookups; a counter's value when it is not the one in the bytes.</summary>
    internal static string Format(ReadOnlySpan<byte> expressions, IReadOnlyList<string> anonymousSets, string comment, NftCounter? counter = null)
    {
        NftRuleText text = new(anonymousSets, counter);
        foreach (NetlinkAttribute expression in new NetlinkAttributes(expressions))
            text.Expression(NftMessageReading.Text(expression.Nested.Find(NFTA_EXPR_NAME)), new NetlinkAttributes(expression.Nested.Find(NFTA_EXPR_DATA)));
        if (comment.Length > 0) text.parts.Add($"comment \"{comment}\"");
        return string.Join(' ', text.parts.Where(part => part.Length > 0));
    }

    private void Expression(string name, NetlinkAttributes data)
    {
        switch (name)
        {
            case "meta": Meta(data); break;
            case "payload": Payload(data); break;
            case "ct" when U32(data, NFTA_CT_KEY) == NFT_CT_STATUS: Load(data.Find(NFTA_CT_DREG), new NftOperand(NftOperand.Type.CtStatus, "ct status")); break;
            case "ct" when U32(data, NFTA_CT_KEY) == NFT_CT_MARK: Load(data.Find(NFTA_CT_DREG), new NftOperand(NftOperand.Type.Mark, "ct mark")); break;
            case "ct": Load(data.Find(NFTA_CT_DREG), new NftOperand(NftOperand.Type.CtState, "ct state")); break;
            case "fib": Fib(data); break;
            case "bitwise": Bitwise(data); break;
            case "cmp": Compare(data); break;
            case "range": Range(data); break;
            case "lookup": Lookup(data); break;
            case "immediate": Immediate(data); break;
            case "counter": parts.Add(Counter(data)); break;
            case "limit": parts.Add(Limit(data)); break;
            case "connlimit": parts.Add(string.Create(CultureInfo.InvariantCulture, $"ct count {((U32(data, NFTA_CONNLIMIT_FLAGS) & NFT_CONNLIMIT_F_INV) != 0 ? "over " : "")}{U32(data, NFTA_CONNLIMIT_COUNT)}")); break;
            case "log": parts.Add(Log(data)); break;
            case "reject": parts.Add(Reject(data)); break;
            case "masq": parts.Add("masquerade" + NatTail(data, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX, NFTA_MASQ_FLAGS)); break;
            case "nat": Nat(data); break;
            default: parts.Add(name); break;
        }
    }

    private void Meta(NetlinkAttributes data)
    {
        uint key = U32(data, NFTA_META_KEY);
        if (!data.Find(NFTA_META_SREG).IsEmpty)
        {
            parts.Add($"meta mark set {MarkSource(Take())}");
            return;
        }
        Load(data.Find(NFTA_META_DREG), key switch
        {
            NFT_META_IIFNAME => new NftOperand(NftOperand.Type.IfName, "iifname"),
            NFT_META_OIFNAME => new NftOperand(NftOperand.Type.IfName, "oifname"),
            NFT_META_MARK => new NftOperand(NftOperand.Type.Mark, "meta mark"),
            NFT_META_NFPROTO => new NftOperand(NftOperand.Type.Family, "meta nfproto"),
            NFT_META_L4PROTO => new NftOperand(NftOperand.Type.Protocol, "meta l4proto"),
            _ => new NftOperand(NftOperand.Type.Unknown, string.Create(CultureInfo.InvariantCulture, $"meta {key}")),
        });
    }

    /// <summary>nft splits (mark &amp; mask) ^ xor into and, xor, or.</summary>
    private static string MarkSource(NftOperand? operand)
    {
        if (operand?.Value is { } value) return NftValueText.Mark(value);
        if (operand?.Mask is not { } mask || operand.Xor is not { } xor) return "?";
        uint and = BinaryPrimitives.ReadUInt32LittleEndian(mask), flip = BinaryPrimitives.ReadUInt32LittleEndian(xor);
        uint or = flip & ~and;
        flip &= and;
        and |= or;
        return "meta mark" + (and == uint.MaxValue ? "" : $" & 0x{and:x8}") + (flip == 0 ? "" : $" ^ 0x{flip:x8}") + (or == 0 ? "" : $" | 0x{or:x8}");
    }

    private void Payload(NetlinkAttributes data)
    {
        if (!data.Find(NFTA_PAYLOAD_SREG).IsEmpty)
        {
            parts.Add(DscpSet(Take()?.Xor));
            return;
        }
        uint header = U32(data, NFTA_PAYLOAD_BASE), offset = U32(data, NFTA_PAYLOAD_OFFSET), length = U32(data, NFTA_PAYLOAD_LEN);
        NftOperand? operand = header == NFT_PAYLOAD_NETWORK_HEADER ? NetworkField(offset) : TransportField(offset, length);
        Load(data.Find(NFTA_PAYLOAD_DREG), operand ??
            new NftOperand(NftOperand.Type.Unknown, string.Create(CultureInfo.InvariantCulture, $"@{(header == 1 ? "nh" : "th")},{offset * 8},{length * 8}")));
    }

    /// <summary>The only field that is written.</summary>
    private string DscpSet(byte[]? bits)
    {
        if (bits is not { Length: 2 }) return "?";
        Forget(ref familyPart);
        int value = BinaryPrimitives.ReadUInt16BigEndian(bits) >> (family == IpFamily.V4 ? 2 : 6);
        return string.Create(CultureInfo.InvariantCulture, $"{(family == IpFamily.V4 ? "ip" : "ip6")} dscp set 0x{value:x2}");
    }

    private NftOperand? NetworkField(uint offset)
    {
        string? field = (family, offset) switch
        {
            (IpFamily.V4, 12) => "ip saddr",
            (IpFamily.V4, 16) => "ip daddr",
            (IpFamily.V6, 8) => "ip6 saddr",
            (IpFamily.V6, 24) => "ip6 daddr",
            _ => null,
        };
        if (field is null) return null;
        Forget(ref familyPart);
        return new NftOperand(NftOperand.Type.Address, field);
    }

    private NftOperand? TransportField(uint offset, uint length)
    {
        if (transport is "icmp" or "ipv6-icmp") return IcmpField(offset, length);
        if (length == 2 && offset is 0 or 2)
        {
            // Loaded beside others it belongs to a concatenation, which brings its own protocol.
            bool named = transport is not null && loaded.Count == 0;
            if (named) Forget(ref protocolPart);
            return new NftOperand(NftOperand.Type.Port, $"{(named ? transport : "th")} {(offset == 0 ? "sport" : "dport")}");
        }
        if (transport != "tcp" || offset != 13) return null;
        Forget(ref protocolPart);
        return new NftOperand(NftOperand.Type.TcpFlags, "tcp flags");
    }

    private NftOperand IcmpField(uint offset, uint length)
    {
        bool v6 = transport == "ipv6-icmp";
        Forget(ref protocolPart);
        Forget(ref familyPart);
        string header = v6 ? "icmpv6" : "icmp";
        if (length == 2) return new NftOperand(v6 ? NftOperand.Type.Icmpv6Pair : NftOperand.Type.IcmpPair, $"{header} type");
        if (offset == 0) return new NftOperand(v6 ? NftOperand.Type.Icmpv6Type : NftOperand.Type.IcmpType, $"{header} type");
        return new NftOperand(v6 ? NftOperand.Type.Icmpv6Code : NftOperand.Type.IcmpCode, $"{header} code");
    }

    private void Fib(NetlinkAttributes data)
    {
        uint flags = U32(data, NFTA_FIB_FLAGS);
        List<string> words = [];
        if ((flags & NFTA_FIB_F_SADDR) != 0) words.Add("saddr");
        if ((flags & NFTA_FIB_F_DADDR) != 0) words.Add("daddr");
        if ((flags & NFTA_FIB_F_MARK) != 0) words.Add("mark");
        if ((flags & NFTA_FIB_F_IIF) != 0) words.Add("iif");
        if ((flags & NFTA_FIB_F_OIF) != 0) words.Add("oif");
        bool type = U32(data, NFTA_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE;
        Load(data.Find(NFTA_FIB_DREG),
            new NftOperand(type ? NftOperand.Type.FibType : NftOperand.Type.FibInterface, $"fib {string.Join(" . ", words)} {(type ? "type" : "oif")}"));
    }

    private void Bitwise(NetlinkAttributes data)
    {
        if (loaded.Count == 0) return;
        loaded[^1] = (loaded[^1].Register, loaded[^1].Operand with
        {
            Mask = Value(data, NFTA_BITWISE_MASK).ToArray(),
            Xor = Value(data, NFTA_BITWISE_XOR).ToArray(),
        });
    }

    private void Compare(NetlinkAttributes data)
    {
        if (loaded.Count == 0) return;
        NftOperand operand = loaded[^1].Operand;
        uint operation = U32(data, NFTA_CMP_OP);
        ReadOnlySpan<byte> value = Value(data, NFTA_CMP_DATA);
        if (operation == NFT_CMP_GTE)
        {
            rangeStart = NftValueText.Value(operand.Kind, value);
            return;
        }
        loaded.Clear();
        parts.Add(operation == NFT_CMP_LTE
            ? $"{operand.Text} {rangeStart}-{NftValueText.Value(operand.Kind, value)}"
            : $"{operand.Text} {NftValueText.Comparison(operand, operation, value)}");
        if (operation == NFT_CMP_EQ) Learn(operand, value);
    }

    /// <summary>Remembers what nft leaves out where a later match implies it.</summary>
    private void Learn(NftOperand operand, ReadOnlySpan<byte> value)
    {
        if (operand.Kind == NftOperand.Type.Family) (family, familyPart) = (value[0] == NFPROTO_IPV4 ? IpFamily.V4 : IpFamily.V6, parts.Count - 1);
        if (operand.Kind == NftOperand.Type.Protocol) (transport, protocolPart) = (NftNames.Protocol(value[0]), parts.Count - 1);
    }

    private void Range(NetlinkAttributes data)
    {
        if (Take() is not { } operand) return;
        string from = NftValueText.Value(operand.Kind, Value(data, NFTA_RANGE_FROM_DATA));
        string to = NftValueText.Value(operand.Kind, Value(data, NFTA_RANGE_TO_DATA));
        parts.Add($"{operand.Text} {(U32(data, NFTA_RANGE_OP) == NFT_RANGE_NEQ ? "!= " : "")}{from}-{to}");
    }

    private void Lookup(NetlinkAttributes data)
    {
        string left = string.Join(" . ", loaded.Select(entry => entry.Operand.Text));
        loaded.Clear();
        string set = NftMessageReading.Text(data.Find(NFTA_LOOKUP_SET));
        if (!data.Find(NFTA_LOOKUP_SET_ID).IsEmpty && nextSet < anonymousSets.Count) set = anonymousSets[nextSet++];
        else set = $"@{set}";
        if (!data.Find(NFTA_LOOKUP_DREG).IsEmpty) parts.Add($"{left} vmap {set}");
        else parts.Add($"{left} {((U32(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0 ? "!= " : "")}{set}");
    }

    private void Immediate(NetlinkAttributes data)
    {
        NetlinkAttributes value = new(data.Find(NFTA_IMMEDIATE_DATA));
        if (U32(data, NFTA_IMMEDIATE_DREG) == 0) parts.Add(NftElementCollector.ReadVerdict(value.Find(NFTA_DATA_VERDICT)).ToString());
        else Load(data.Find(NFTA_IMMEDIATE_DREG), new NftOperand(NftOperand.Type.Immediate, "", value.Find(NFTA_DATA_VALUE).ToArray()));
    }

    private string Counter(NetlinkAttributes data)
    {
        NftCounter value = counter ?? new NftCounter(U64(data, NFTA_COUNTER_PACKETS), U64(data, NFTA_COUNTER_BYTES));
        return string.Create(CultureInfo.InvariantCulture, $"counter packets {value.Packets} bytes {value.Bytes}");
    }

    private static string Limit(NetlinkAttributes data)
    {
        ulong rate = U64(data, NFTA_LIMIT_RATE);
        string unit = NftNames.LimitUnit(U64(data, NFTA_LIMIT_UNIT));
        string over = (U32(data, NFTA_LIMIT_FLAGS) & NFT_LIMIT_F_INV) != 0 ? "over " : "";
        return string.Create(CultureInfo.InvariantCulture, $"limit rate {over}{rate}/{unit} burst {U32(data, NFTA_LIMIT_BURST)} packets");
    }

    private static string Log(NetlinkAttributes data)
    {
        string prefix = NftMessageReading.Text(data.Find(NFTA_LOG_PREFIX));
        string text = prefix.Length == 0 ? "log" : $"log prefix \"{prefix}\"";
        if (data.Find(NFTA_LOG_GROUP) is { Length: 2 } group)
            return string.Create(CultureInfo.InvariantCulture, $"{text} group {BinaryPrimitives.ReadUInt16BigEndian(group)}");
        uint level = NftMessageReading.UInt32(data.Find(NFTA_LOG_LEVEL), (uint)NftLogLevel.Warn);
        return level == (uint)NftLogLevel.Warn ? text : $"{text} level {NftNames.LogLevel(level)}";
    }

    private static string Reject(NetlinkAttributes data)
    {
        ReadOnlySpan<byte> code = data.Find(NFTA_REJECT_ICMP_CODE);
        if (U32(data, NFTA_REJECT_TYPE) == 1) return "reject with tcp reset";
        return code.IsEmpty || code[0] == (byte)NftReject.PortUnreachable ? "reject" : $"reject with icmpx {NftNames.RejectCode(code[0])}";
    }

    private void Nat(NetlinkAttributes data)
    {
        bool v6 = U32(data, NFTA_NAT_FAMILY) == NFPROTO_IPV6, ports = !data.Find(NFTA_NAT_REG_PROTO_MIN).IsEmpty;
        byte[] bytes = Register(data, NFTA_NAT_REG_ADDR_MIN) ?? [];
        string address = bytes.Length is 4 or 16 ? IpAddress.FromBytes(bytes).ToString() : "?";
        string verb = U32(data, NFTA_NAT_TYPE) == 0 ? "snat" : "dnat";
        string tail = NatTail(data, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX, NFTA_NAT_FLAGS);
        parts.Add($"{verb} {(v6 ? "ip6" : "ip")} to {(v6 && ports ? $"[{address}]" : address)}{(ports ? tail[" to ".Length..] : tail)}");
    }

    /// <summary>Ports and flags: <c> to :1024-65535 fully-random</c>.</summary>
    private string NatTail(NetlinkAttributes data, ushort firstPort, ushort lastPort, ushort flagsAttribute)
    {
        string text = "";
        if (Register(data, firstPort) is { Length: 2 } first) text = $" to :{BinaryPrimitives.ReadUInt16BigEndian(first)}";
        if (Register(data, lastPort) is { Length: 2 } last) text += $"-{BinaryPrimitives.ReadUInt16BigEndian(last)}";
        NftNatFlags flags = (NftNatFlags)U32(data, flagsAttribute);
        if ((flags & NftNatFlags.Random) != 0) text += " random";
        if ((flags & NftNatFlags.FullyRandom) != 0) text += " fully-random";
        if ((flags & NftNatFlags.Persistent) != 0) text += " persistent";
        return text;
    }

    private byte[]? Register(NetlinkAttributes data, ushort attribute)
    {
        ReadOnlySpan<byte> payload = data.Find(attribute);
        if (payload.IsEmpty) return null;
        uint register = NftMessageReading.UInt32(payload, 0);
        return loaded.FindLast(entry => entry.Register == register).Operand?.Value;
    }

    private void Load(ReadOnlySpan<byte> register, NftOperand operand) => loaded.Add((NftMessageReading.UInt32(register, 0), operand));

    private NftOperand? Take()
    {
        NftOperand? operand = loaded.Count == 0 ? null : loaded[^1].Operand;
        loaded.Clear();
        return operand;
    }

    private void Forget(ref int part)
    {
        if (part >= 0) parts[part] = "";
        part = -1;
    }

    private static ReadOnlySpan<byte> Value(NetlinkAttributes data, ushort attribute) => new NetlinkAttributes(data.Find(attribute)).Find(NFTA_DATA_VALUE);

    private static uint U32(NetlinkAttributes data, ushort attribute) => NftMessageReading.UInt32(data.Find(attribute), 0);

    private static ulong U64(NetlinkAttributes data, ushort attribute) =>
        data.Find(attribute) is { Length: 8 } payload ? BinaryPrimitives.ReadUInt64BigEndian(payload) : 0;
}
