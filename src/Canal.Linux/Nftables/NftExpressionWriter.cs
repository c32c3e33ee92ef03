using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Writes entries of NFTA_RULE_EXPRESSIONS, attribute for attribute as nft does.</summary>
internal readonly ref struct NftExpressionWriter(NetlinkBuffer buffer)
{
    private readonly NetlinkBuffer buffer = buffer;
    private readonly NetlinkWriter writer = new(buffer);

    /// <summary>
    /// nft's name of the register that holds the field which begins at this 4-byte word of a key: 1 to 4 where a 16-byte register begins, else 8 to 23.
    /// </summary>
    internal static uint Register(int word) => word % 4 == 0 ? 1u + (uint)word / 4 : 8u + (uint)word;

    internal void Meta(uint key, uint register)
    {
        Begin("meta", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_META_KEY, key);
        writer.UInt32BigEndian(NFTA_META_DREG, register);
        End(expression, data);
    }

    internal void SetMeta(uint key, uint register)
    {
        Begin("meta", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_META_KEY, key);
        writer.UInt32BigEndian(NFTA_META_SREG, register);
        End(expression, data);
    }

    internal void Compare(uint operation, ReadOnlySpan<byte> value)
    {
        Begin("cmp", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_CMP_SREG, 1);
        writer.UInt32BigEndian(NFTA_CMP_OP, operation);
        Value(NFTA_CMP_DATA, value);
        End(expression, data);
    }

    internal void NotInRange(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Begin("range", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_RANGE_SREG, 1);
        writer.UInt32BigEndian(NFTA_RANGE_OP, NFT_RANGE_NEQ);
        Value(NFTA_RANGE_FROM_DATA, from);
        Value(NFTA_RANGE_TO_DATA, to);
        End(expression, data);
    }

    internal void Payload(uint header, int offset, int length, uint register)
    {
        Begin("payload", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_PAYLOAD_DREG, register);
        writer.UInt32BigEndian(NFTA_PAYLOAD_BASE, header);
        writer.UInt32BigEndian(NFTA_PAYLOAD_OFFSET, (uint)offset);
        writer.UInt32BigEndian(NFTA_PAYLOAD_LEN, (uint)length);
        End(expression, data);
    }

    /// <summary>Register 1 = (register 1 &amp; mask) ^ xor.</summary>
    internal void Bitwise(ReadOnlySpan<byte> mask, ReadOnlySpan<byte> xor)
    {
        Begin("bitwise", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_BITWISE_SREG, 1);
        writer.UInt32BigEndian(NFTA_BITWISE_DREG, 1);
        writer.UInt32BigEndian(NFTA_BITWISE_LEN, (uint)mask.Length);
        Value(NFTA_BITWISE_MASK, mask);
        Value(NFTA_BITWISE_XOR, xor);
        End(expression, data);
    }

    internal void Lookup(string set, NftOperator operation)
    {
        Begin("lookup", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_LOOKUP_SREG, 1);
        writer.String(NFTA_LOOKUP_SET, set);
        if (operation == NftOperator.NotEqual) writer.UInt32BigEndian(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
        End(expression, data);
    }

    internal void VerdictMap(string map)
    {
        Begin("lookup", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_LOOKUP_SREG, 1);
        writer.UInt32BigEndian(NFTA_LOOKUP_DREG, 0);
        writer.String(NFTA_LOOKUP_SET, map);
        End(expression, data);
    }

    /// <summary>A lookup in a set of the same batch; returns where its SET_ID is to be patched in.</summary>
    internal int AnonymousLookup(NftOperator operation)
    {
        Begin("lookup", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_LOOKUP_SREG, 1);
        writer.String(NFTA_LOOKUP_SET, "__set%d");
        int place = buffer.Length + 4;
        writer.UInt32BigEndian(NFTA_LOOKUP_SET_ID, 0);
        if (operation == NftOperator.NotEqual) writer.UInt32BigEndian(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
        End(expression, data);
        return place;
    }

    internal void Immediate(uint register, ReadOnlySpan<byte> value)
    {
        Begin("immediate", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_IMMEDIATE_DREG, register);
        Value(NFTA_IMMEDIATE_DATA, value);
        End(expression, data);
    }

    internal void Verdict(NftVerdict verdict)
    {
        Begin("immediate", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_IMMEDIATE_DREG, 0);
        int nest = writer.BeginNested(NFTA_IMMEDIATE_DATA);
        NftElementWriter.WriteVerdict(writer, verdict);
        writer.EndNested(nest);
        End(expression, data);
    }

    /// <summary>A counter that starts at zero, as nft writes it.</summary>
    internal void Counter()
    {
        Begin("counter", out int expression, out int data);
        End(expression, data);
    }

    /// <summary>A counter that goes on from somewhere.</summary>
    internal void Counter(NftCounter start)
    {
        Begin("counter", out int expression, out int data);
        writer.UInt64BigEndian(NFTA_COUNTER_BYTES, start.Bytes);
        writer.UInt64BigEndian(NFTA_COUNTER_PACKETS, start.Packets);
        End(expression, data);
    }

    internal void Conntrack(uint key)
    {
        Begin("ct", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_CT_KEY, key);
        writer.UInt32BigEndian(NFTA_CT_DREG, 1);
        End(expression, data);
    }

    internal void Fib(uint flags, uint result)
    {
        Begin("fib", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_FIB_FLAGS, flags);
        writer.UInt32BigEndian(NFTA_FIB_RESULT, result);
        writer.UInt32BigEndian(NFTA_FIB_DREG, 1);
        End(expression, data);
    }

    internal void LogToKernel(string prefix, NftLogLevel level)
    {
        Begin("log", out int expression, out int data);
        if (prefix.Length > 0) writer.String(NFTA_LOG_PREFIX, prefix);
        writer.UInt32BigEndian(NFTA_LOG_LEVEL, (uint)level);
        End(expression, data);
    }

    internal void LogToGroup(ushort group, string prefix)
    {
        Begin("log", out int expression, out int data);
        if (prefix.Length > 0) writer.String(NFTA_LOG_PREFIX, prefix);
        writer.UInt16BigEndian(NFTA_LOG_GROUP, group);
        End(expression, data);
    }

    internal void Limit(ulong rate, NftLimitUnit unit, uint burst, uint flags = 0)
    {
        Begin("limit", out int expression, out int data);
        writer.UInt64BigEndian(NFTA_LIMIT_RATE, rate);
        writer.UInt64BigEndian(NFTA_LIMIT_UNIT, (ulong)unit);
        writer.UInt32BigEndian(NFTA_LIMIT_BURST, burst);
        writer.UInt32BigEndian(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
        writer.UInt32BigEndian(NFTA_LIMIT_FLAGS, flags);
        End(expression, data);
    }

    internal void ConnectionLimit(uint count, uint flags)
    {
        Begin("connlimit", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_CONNLIMIT_COUNT, count);
        writer.UInt32BigEndian(NFTA_CONNLIMIT_FLAGS, flags);
        End(expression, data);
    }

    /// <summary>Writes register 1 into the packet; the checksum, where there is one, is corrected.</summary>
    internal void SetPayload(uint header, int offset, int length, uint checksum, int checksumOffset)
    {
        Begin("payload", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_PAYLOAD_SREG, 1);
        writer.UInt32BigEndian(NFTA_PAYLOAD_BASE, header);
        writer.UInt32BigEndian(NFTA_PAYLOAD_OFFSET, (uint)offset);
        writer.UInt32BigEndian(NFTA_PAYLOAD_LEN, (uint)length);
        writer.UInt32BigEndian(NFTA_PAYLOAD_CSUM_TYPE, checksum);
        writer.UInt32BigEndian(NFTA_PAYLOAD_CSUM_OFFSET, (uint)checksumOffset);
        End(expression, data);
    }

    internal void Reject(uint type, byte code)
    {
        Begin("reject", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_REJECT_TYPE, type);
        writer.Byte(NFTA_REJECT_ICMP_CODE, code);
        End(expression, data);
    }

    /// <summary>Registers of 0 are left out.</summary>
    internal void Masquerade(uint flags, uint firstPort, uint lastPort)
    {
        Begin("masq", out int expression, out int data);
        if (flags != 0) writer.UInt32BigEndian(NFTA_MASQ_FLAGS, flags);
        if (firstPort != 0) writer.UInt32BigEndian(NFTA_MASQ_REG_PROTO_MIN, firstPort);
        if (lastPort != 0) writer.UInt32BigEndian(NFTA_MASQ_REG_PROTO_MAX, lastPort);
        End(expression, data);
    }

    /// <summary>The address is in register 1; port registers of 0 are left out.</summary>
    internal void Nat(uint type, uint family, uint flags, uint firstPort, uint lastPort)
    {
        Begin("nat", out int expression, out int data);
        writer.UInt32BigEndian(NFTA_NAT_TYPE, type);
        writer.UInt32BigEndian(NFTA_NAT_FAMILY, family);
        writer.UInt32BigEndian(NFTA_NAT_REG_ADDR_MIN, 1);
        if (firstPort != 0) writer.UInt32BigEndian(NFTA_NAT_REG_PROTO_MIN, firstPort);
        if (lastPort != 0) writer.UInt32BigEndian(NFTA_NAT_REG_PROTO_MAX, lastPort);
        if (flags != 0) writer.UInt32BigEndian(NFTA_NAT_FLAGS, flags);
        End(expression, data);
    }

    internal void Notrack()
    {
        int expression = writer.BeginNested(NFTA_LIST_ELEM);
        writer.String(NFTA_EXPR_NAME, "notrack");
        writer.EndNested(expression);
    }

    private void Value(ushort attribute, ReadOnlySpan<byte> value)
    {
        int nest = writer.BeginNested(attribute);
        writer.Bytes(NFTA_DATA_VALUE, value);
        writer.EndNested(nest);
    }

    private void Begin(string name, out int expression, out int data)
    {
        expression = writer.BeginNested(NFTA_LIST_ELEM);
        writer.String(NFTA_EXPR_NAME, name);
        data = writer.BeginNested(NFTA_EXPR_DATA);
    }

    private void End(int expression, int data)
    {
        writer.EndNested(data);
        writer.EndNested(expression);
    }
}
