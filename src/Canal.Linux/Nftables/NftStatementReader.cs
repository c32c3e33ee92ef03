using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Reads the statements of a rule back from its expressions, by following what each register holds. For one rule.</summary>
internal sealed class NftStatementReader(NftRule rule)
{
    private readonly List<NftStatement> statements = [];
    private readonly List<NftField> fields = [];
    private readonly Dictionary<uint, byte[]> values = [];
    private byte[] mask = [], flip = [];
    private byte[]? rangeStart;
    private IpFamily? family;
    private byte? transport;
    private int lookups;

    /// <summary>The statements in their order.</summary>
    /// <exception cref="NotSupportedException">An expression that <see cref="NftRuleBuilder"/> does not write.</exception>
    internal static IReadOnlyList<NftStatement> Read(NftRule rule)
    {
        NftStatementReader reader = new(rule);
        foreach (NetlinkAttribute expression in new NetlinkAttributes(rule.Expressions))
            reader.Take(NftMessageReading.Text(expression.Nested.Find(NFTA_EXPR_NAME)), new NetlinkAttributes(expression.Nested.Find(NFTA_EXPR_DATA)));
        return reader.statements;
    }

    private void Take(string name, NetlinkAttributes data)
    {
        switch (name)
        {
            case "meta": Meta(data); break;
            case "payload": Payload(data); break;
            case "ct": fields.Add(U32(data, NFTA_CT_KEY) switch { NFT_CT_STATUS => NftField.ConnectionStatus, NFT_CT_MARK => NftField.ConnectionMark, _ => NftField.ConnectionState }); break;
            case "fib": fields.Add(Fib(U32(data, NFTA_FIB_FLAGS), U32(data, NFTA_FIB_RESULT))); break;
            case "bitwise": (mask, flip) = (Value(data, NFTA_BITWISE_MASK).ToArray(), Value(data, NFTA_BITWISE_XOR).ToArray()); break;
            case "cmp": Compare(data); break;
            case "range": Match(NftOperator.NotEqual, new NftRange(Value(data, NFTA_RANGE_FROM_DATA).ToArray(), Value(data, NFTA_RANGE_TO_DATA).ToArray())); break;
            case "lookup": Lookup(data); break;
            case "immediate": Immediate(data); break;
            default: statements.Add(Action(name, data)); break;
        }
    }

    private NftStatement Action(string name, NetlinkAttributes data) => name switch
    {
        "counter" => new NftStatement.Counter(),
        "limit" => new NftStatement.Limit(U64(data, NFTA_LIMIT_RATE), U64(data, NFTA_LIMIT_UNIT), U32(data, NFTA_LIMIT_BURST), (U32(data, NFTA_LIMIT_FLAGS) & NFT_LIMIT_F_INV) != 0),
        "connlimit" when (U32(data, NFTA_CONNLIMIT_FLAGS) & NFT_CONNLIMIT_F_INV) != 0 => new NftStatement.ConnectionsOver(U32(data, NFTA_CONNLIMIT_COUNT)),
        "log" when data.Find(NFTA_LOG_GROUP) is { Length: 2 } group => new NftStatement.LogToGroup(BinaryPrimitives.ReadUInt16BigEndian(group), NftMessageReading.Text(data.Find(NFTA_LOG_PREFIX))),
        "log" => new NftStatement.LogToKernel(NftMessageReading.Text(data.Find(NFTA_LOG_PREFIX)), (NftLogLevel)U32(data, NFTA_LOG_LEVEL)),
        "reject" => new NftStatement.Reject(U32(data, NFTA_REJECT_TYPE) == 1 ? NftReject.TcpReset : (NftReject)data.Find(NFTA_REJECT_ICMP_CODE)[0]),
        "masq" => new NftStatement.Masquerade(Ports(data, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX), Flags(data, NFTA_MASQ_FLAGS)),
        "nat" => new NftStatement.Translate(U32(data, NFTA_NAT_TYPE) == 1, IpAddress.FromBytes(values[1]), Ports(data, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX), Flags(data, NFTA_NAT_FLAGS)),
        "notrack" => new NftStatement.Notrack(),
        _ => throw new NotSupportedException($"the expression {name} of a rule has no statement"),
    };

    private void Meta(NetlinkAttributes data)
    {
        if (!data.Find(NFTA_META_SREG).IsEmpty)
        {
            SetMark();
            return;
        }
        fields.Add(U32(data, NFTA_META_KEY) switch
        {
            NFT_META_IIFNAME => NftField.InInterface,
            NFT_META_OIFNAME => NftField.OutInterface,
            NFT_META_MARK => NftField.Mark,
            NFT_META_NFPROTO => NftField.Family,
            NFT_META_L4PROTO => NftField.Protocol,
            uint other => throw new NotSupportedException($"meta {other} of a rule has no statement"),
        });
    }

    private void SetMark()
    {
        bool whole = fields.Count == 0;
        statements.Add(whole ? new NftStatement.SetMark(0, BinaryPrimitives.ReadUInt32LittleEndian(values[1]))
            : new NftStatement.SetMark(BinaryPrimitives.ReadUInt32LittleEndian(mask), BinaryPrimitives.ReadUInt32LittleEndian(flip)));
        Forget();
    }

    private void Payload(NetlinkAttributes data)
    {
        uint offset = U32(data, NFTA_PAYLOAD_OFFSET), length = U32(data, NFTA_PAYLOAD_LEN);
        bool network = U32(data, NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_NETWORK_HEADER;
        if (!data.Find(NFTA_PAYLOAD_SREG).IsEmpty)
        {
            // The only field that is written.
            statements.Add(new NftStatement.SetDscp((byte)(BinaryPrimitives.ReadUInt16BigEndian(flip) >> (family == IpFamily.V4 ? 2 : 6))));
            Forget();
        }
        else if (network && offset == 0)
        {
            // Loaded to be written back.
        }
        else
        {
            fields.Add(network ? NetworkField(offset) : TransportField(offset, length));
        }
    }

    private static NftField NetworkField(uint offset) => offset switch
    {
        12 or 8 => NftField.SourceAddress,
        16 or 24 => NftField.DestinationAddress,
        _ => throw new NotSupportedException($"byte {offset} of the network header has no name"),
    };

    private NftField TransportField(uint offset, uint length) => (transport is 1 or 58, offset, length) switch
    {
        (true, 0, 1) => NftField.IcmpType,
        (true, 0, 2) => NftField.IcmpTypeAndCode,
        (true, 1, 1) => NftField.IcmpCode,
        (_, 0, 2) => NftField.SourcePort,
        (_, 2, 2) => NftField.DestinationPort,
        (_, 13, 1) => NftField.TcpFlags,
        _ => throw new NotSupportedException($"bytes {offset} to {offset + length - 1} of the transport header have no name"),
    };

    private static NftField Fib(uint flags, uint result) => (result, flags) switch
    {
        (NFT_FIB_RESULT_OIF, _) => NftField.ReversePath,
        (_, NFTA_FIB_F_DADDR) => NftField.DestinationType,
        (_, NFTA_FIB_F_SADDR) => NftField.SourceType,
        (_, NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF) => NftField.SourceTypeAtOutInterface,
        _ => throw new NotSupportedException($"fib with flags {flags} has no statement"),
    };

    private void Compare(NetlinkAttributes data)
    {
        uint operation = U32(data, NFTA_CMP_OP);
        byte[] value = Value(data, NFTA_CMP_DATA).ToArray();
        if (operation == NFT_CMP_GTE) rangeStart = value;
        else if (operation == NFT_CMP_LTE) Match(NftOperator.Equal, new NftRange(rangeStart!, value));
        else Match((NftOperator)operation, new NftRange(value));
    }

    private void Match(NftOperator operation, NftRange range)
    {
        NftField field = fields[^1];
        statements.Add(new NftStatement.Compare(field, operation, range, mask));
        if (operation == NftOperator.Equal && field == NftField.Family) family = range.First.Span[0] == NFPROTO_IPV4 ? IpFamily.V4 : IpFamily.V6;
        if (operation == NftOperator.Equal && field == NftField.Protocol) transport = range.First.Span[0];
        Forget();
    }

    private void Lookup(NetlinkAttributes data)
    {
        NftOperator operation = (U32(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0 ? NftOperator.NotEqual : NftOperator.Equal;
        string set = NftMessageReading.Text(data.Find(NFTA_LOOKUP_SET));
        if (!data.Find(NFTA_LOOKUP_DREG).IsEmpty) statements.Add(new NftStatement.Dispatch(fields[0], set));
        else if (data.Find(NFTA_LOOKUP_SET_ID).IsEmpty) statements.Add(new NftStatement.InSet([.. fields], operation, set));
        else statements.Add(OneOf(operation, rule.Lookups[lookups++].Set));
        Forget();
    }

    /// <summary>ICMP's type and code are two fields of a key, each padded to four bytes.</summary>
    private NftStatement.OneOf OneOf(NftOperator operation, NftAnonymousSet set) => fields is [NftField.IcmpType, NftField.IcmpCode]
        ? new(NftField.IcmpTypeAndCode, operation, [.. set.Ranges().Select(r => new NftRange([r.First.Span[0], r.First.Span[4]]))])
        : new(fields[0], operation, set.Ranges());

    private void Immediate(NetlinkAttributes data)
    {
        NetlinkAttributes value = new(data.Find(NFTA_IMMEDIATE_DATA));
        if (U32(data, NFTA_IMMEDIATE_DREG) == 0) statements.Add(new NftStatement.Decide(NftElementCollector.ReadVerdict(value.Find(NFTA_DATA_VERDICT))));
        else values[U32(data, NFTA_IMMEDIATE_DREG)] = value.Find(NFTA_DATA_VALUE).ToArray();
    }

    private PortRange? Ports(NetlinkAttributes data, ushort first, ushort last)
    {
        if (data.Find(first).IsEmpty) return null;
        ushort from = BinaryPrimitives.ReadUInt16BigEndian(values[U32(data, first)]);
        return new PortRange(from, data.Find(last).IsEmpty ? from : BinaryPrimitives.ReadUInt16BigEndian(values[U32(data, last)]));
    }

    private static NftNatFlags Flags(NetlinkAttributes data, ushort attribute) => (NftNatFlags)(U32(data, attribute) & ~NF_NAT_RANGE_PROTO_SPECIFIED);

    private void Forget()
    {
        fields.Clear();
        (mask, flip, rangeStart) = ([], [], null);
    }

    private static ReadOnlySpan<byte> Value(NetlinkAttributes data, ushort attribute) => new NetlinkAttributes(data.Find(attribute)).Find(NFTA_DATA_VALUE);

    private static uint U32(NetlinkAttributes data, ushort attribute) => NftMessageReading.UInt32(data.Find(attribute), 0);

    private static ulong U64(NetlinkAttributes data, ushort attribute) => data.Find(attribute) is { Length: 8 } payload ? BinaryPrimitives.ReadUInt64BigEndian(payload) : 0;
}
