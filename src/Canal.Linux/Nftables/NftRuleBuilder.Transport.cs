using System.Buffers.Binary;
using Canal.Core.Addressing;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Matches of the transport header: ports, ICMP, TCP flags. Fragments but the first have none and do not match.</summary>
public sealed partial class NftRuleBuilder
{
    private const byte Icmp = 1;
    private const byte Icmpv6 = 58;

    /// <summary><c>tcp sport 80</c>, <c>tcp sport 80-90</c></summary>
    public NftRuleBuilder Sport(PortRange range, NftOperator operation = NftOperator.Equal) => Port(PortField.Source, range, operation);

    /// <summary><c>tcp dport 80</c>, <c>tcp dport 80-90</c></summary>
    public NftRuleBuilder Dport(PortRange range, NftOperator operation = NftOperator.Equal) => Port(PortField.Destination, range, operation);

    /// <summary><c>tcp sport { 22, 80-90 }</c>; ranges may overlap and come in any order.</summary>
    public NftRuleBuilder Sport(ReadOnlySpan<PortRange> ranges, NftOperator operation = NftOperator.Equal) => Port(PortField.Source, ranges, operation);

    /// <summary><c>tcp dport { 22, 80-90 }</c>; ranges may overlap and come in any order.</summary>
    public NftRuleBuilder Dport(ReadOnlySpan<PortRange> ranges, NftOperator operation = NftOperator.Equal) => Port(PortField.Destination, ranges, operation);

    /// <summary><c>tcp sport @set</c></summary>
    public NftRuleBuilder Sport(NftSet set, NftOperator operation = NftOperator.Equal) => Port(PortField.Source, set, operation);

    /// <summary><c>tcp dport @set</c></summary>
    public NftRuleBuilder Dport(NftSet set, NftOperator operation = NftOperator.Equal) => Port(PortField.Destination, set, operation);

    /// <summary><c>icmp type echo-request</c>, <c>icmpv6 type echo-request</c>; matches the protocol too.</summary>
    public NftRuleBuilder IcmpType(IpFamily of, byte type, NftOperator operation = NftOperator.Equal)
    {
        MatchIcmp(of);
        NftExpressionWriter writer = Expressions(2);
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, 1);
        writer.Compare((uint)operation, [type]);
        return this;
    }

    /// <summary>
    /// <c>icmp type 3 icmp code 1</c>; matches the protocol too. With NotEqual: any other pair, written as <c>icmp type . icmp code != { 3 . 1 }</c>.
    /// </summary>
    public NftRuleBuilder IcmpTypeCode(IpFamily of, byte type, byte code, NftOperator operation = NftOperator.Equal)
    {
        MatchIcmp(of);
        return operation == NftOperator.Equal ? IcmpPair(type, code) : NotIcmpPair(of, type, code);
    }

    /// <summary><c>tcp flags syn / syn,ack</c>: (flags &amp; mask) == value.</summary>
    public NftRuleBuilder TcpFlags(byte value, byte mask, NftOperator operation = NftOperator.Equal)
    {
        RequireTransport();
        NftExpressionWriter writer = Expressions(3);
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, 1);
        writer.Bitwise([mask], [0]);
        writer.Compare((uint)operation, [value]);
        return this;
    }

    private void MatchIcmp(IpFamily of)
    {
        RequireFamily(of);
        L4Proto(of == IpFamily.V4 ? Icmp : Icmpv6);
    }

    private NftRuleBuilder IcmpPair(byte type, byte code)
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, 1);
        writer.Compare(NFT_CMP_EQ, [type, code]);
        return this;
    }

    private NftRuleBuilder NotIcmpPair(IpFamily of, byte type, byte code)
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, 1);
        writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 1, 1, NftExpressionWriter.Register(1));
        NftKeyType key = of == IpFamily.V4 ? IcmpV4Pair : IcmpV6Pair;
        return Lookup(NftAnonymousSet.OfKeys(key, [type, 0, 0, 0, code, 0, 0, 0]), NftOperator.NotEqual);
    }

    private static readonly NftKeyType IcmpV4Pair = NftKeyType.Concatenate(NftKeyType.IcmpType, NftKeyType.IcmpCode);
    private static readonly NftKeyType IcmpV6Pair = NftKeyType.Concatenate(NftKeyType.Icmpv6Type, NftKeyType.Icmpv6Code);

    private NftRuleBuilder Port(PortField field, PortRange range, NftOperator operation)
    {
        if (range.First > range.Last) throw new ArgumentException($"the port range {range} is empty", nameof(range));
        LoadPort(field);
        byte[] first = NetworkOrder(range.First), last = NetworkOrder(range.Last);
        NftExpressionWriter writer = Expressions(2);
        if (range.First == range.Last)
        {
            writer.Compare((uint)operation, first);
        }
        else if (operation == NftOperator.NotEqual)
        {
            writer.NotInRange(first, last);
        }
        else
        {
            writer.Compare(NFT_CMP_GTE, first);
            writer.Compare(NFT_CMP_LTE, last);
        }
        return this;
    }

    private NftRuleBuilder Port(PortField field, ReadOnlySpan<PortRange> ranges, NftOperator operation)
    {
        if (ranges.IsEmpty) throw new ArgumentException("no port to match", nameof(ranges));
        List<PortRange> merged = NftAnonymousSet.Merge(ranges);
        if (merged.Count == 1) return Port(field, merged[0], operation);
        LoadPort(field);
        return Lookup(NftAnonymousSet.OfPorts(merged), operation);
    }

    private NftRuleBuilder Port(PortField field, NftSet set, NftOperator operation)
    {
        RequireMembers(set, NftKeyType.Port);
        LoadPort(field);
        Expressions().Lookup(set.Name, operation);
        return this;
    }

    private void LoadPort(PortField field)
    {
        RequireTransport();
        Expressions().Payload(NFT_PAYLOAD_TRANSPORT_HEADER, (int)field, 2, 1);
    }

    private static byte[] NetworkOrder(ushort value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }
}
