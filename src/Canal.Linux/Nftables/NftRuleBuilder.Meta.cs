using System.Buffers.Binary;
using System.Text;
using Canal.Core.Addressing;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Matches of what the kernel knows about the packet: interfaces, protocols, mark, connection, routes.</summary>
public sealed partial class NftRuleBuilder
{
    /// <summary><c>iifname "eth0"</c>; a name that ends in <c>*</c> matches by prefix, <c>*</c> alone matches everything and writes nothing.</summary>
    public NftRuleBuilder Iifname(string name, NftOperator operation = NftOperator.Equal) => InterfaceName(NFT_META_IIFNAME, name, operation);

    /// <summary><c>oifname "eth0"</c>; wildcards as in <see cref="Iifname(string, NftOperator)"/>. Empty before routing.</summary>
    public NftRuleBuilder Oifname(string name, NftOperator operation = NftOperator.Equal) => InterfaceName(NFT_META_OIFNAME, name, operation);

    /// <summary><c>iifname @set</c></summary>
    public NftRuleBuilder Iifname(NftSet set, NftOperator operation = NftOperator.Equal) => InterfaceName(NFT_META_IIFNAME, set, operation);

    /// <summary><c>oifname @set</c></summary>
    public NftRuleBuilder Oifname(NftSet set, NftOperator operation = NftOperator.Equal) => InterfaceName(NFT_META_OIFNAME, set, operation);

    /// <summary><c>iifname vmap @map</c>: goes on with the next rule when the map has no such name.</summary>
    public NftRuleBuilder IifnameVmap(NftSet map) => InterfaceVmap(NFT_META_IIFNAME, map);

    /// <summary><c>oifname vmap @map</c></summary>
    public NftRuleBuilder OifnameVmap(NftSet map) => InterfaceVmap(NFT_META_OIFNAME, map);

    /// <summary><c>meta nfproto ipv4</c>; nft does not print it where another match implies it.</summary>
    public NftRuleBuilder NfProto(IpFamily value)
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Meta(NFT_META_NFPROTO, 1);
        writer.Compare(NFT_CMP_EQ, [value == IpFamily.V4 ? NFPROTO_IPV4 : NFPROTO_IPV6]);
        family = value;
        return this;
    }

    /// <summary><c>meta l4proto tcp</c></summary>
    public NftRuleBuilder L4Proto(byte protocol, NftOperator operation = NftOperator.Equal)
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Meta(NFT_META_L4PROTO, 1);
        writer.Compare((uint)operation, [protocol]);
        transportKnown |= operation == NftOperator.Equal;
        return this;
    }

    /// <summary><c>meta l4proto { tcp, udp }</c></summary>
    public NftRuleBuilder L4Proto(ReadOnlySpan<byte> protocols, NftOperator operation = NftOperator.Equal)
    {
        if (protocols.IsEmpty) throw new ArgumentException("no protocol to match", nameof(protocols));
        if (protocols.Length == 1) return L4Proto(protocols[0], operation);
        Expressions().Meta(NFT_META_L4PROTO, 1);
        transportKnown |= operation == NftOperator.Equal;
        return Lookup(NftAnonymousSet.OfKeys(NftKeyType.Protocol, protocols), operation);
    }

    /// <summary><c>ct state established,related</c>: any of the states, or with NotEqual none of them.</summary>
    public NftRuleBuilder CtState(NftCtState states, NftOperator operation = NftOperator.Equal)
    {
        NftExpressionWriter writer = Expressions(3);
        writer.Conntrack(NFT_CT_STATE);
        writer.Bitwise(HostOrder((uint)states), HostOrder(0));
        writer.Compare(operation == NftOperator.Equal ? NFT_CMP_NEQ : NFT_CMP_EQ, HostOrder(0));
        return this;
    }

    /// <summary><c>ct status dnat</c>: the connection's destination is translated.</summary>
    public NftRuleBuilder CtDnat()
    {
        NftExpressionWriter writer = Expressions(3);
        writer.Conntrack(NFT_CT_STATUS);
        writer.Bitwise(HostOrder(IPS_DST_NAT), HostOrder(0));
        writer.Compare(NFT_CMP_NEQ, HostOrder(0));
        return this;
    }

    /// <summary><c>ct mark &amp; mask == value</c></summary>
    public NftRuleBuilder CtMark(uint value, uint mask)
    {
        NftExpressionWriter writer = Expressions(3);
        writer.Conntrack(NFT_CT_MARK);
        writer.Bitwise(HostOrder(mask), HostOrder(0));
        writer.Compare(NFT_CMP_EQ, HostOrder(value));
        return this;
    }

    /// <summary><c>meta mark &amp; mask == value</c></summary>
    public NftRuleBuilder MetaMark(uint value, uint mask = uint.MaxValue, NftOperator operation = NftOperator.Equal)
    {
        NftExpressionWriter writer = Expressions(3);
        writer.Meta(NFT_META_MARK, 1);
        if (mask != uint.MaxValue) writer.Bitwise(HostOrder(mask), HostOrder(0));
        writer.Compare((uint)operation, HostOrder(value));
        return this;
    }

    /// <summary><c>fib saddr . mark . iif oif 0</c>: the route back to the source does not go out of the interface that the packet came in by.</summary>
    public NftRuleBuilder FibReversePathMissing()
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Fib(NFTA_FIB_F_SADDR | NFTA_FIB_F_MARK | NFTA_FIB_F_IIF, NFT_FIB_RESULT_OIF);
        writer.Compare(NFT_CMP_EQ, HostOrder(0));
        return this;
    }

    /// <summary><c>fib daddr type local</c>: the destination is this host's.</summary>
    public NftRuleBuilder FibDaddrLocal(NftOperator operation = NftOperator.Equal) => FibLocal(NFTA_FIB_F_DADDR, operation);

    /// <summary><c>fib saddr type local</c>: the source is this host's.</summary>
    public NftRuleBuilder FibSaddrLocal(NftOperator operation = NftOperator.Equal) => FibLocal(NFTA_FIB_F_SADDR, operation);

    /// <summary><c>fib saddr . oif type local</c>: the source is an address of the interface that the packet leaves by; in forward, output and postrouting.</summary>
    public NftRuleBuilder FibSaddrOifLocal(NftOperator operation = NftOperator.Equal) => FibLocal(NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF, operation);

    private NftRuleBuilder FibLocal(uint address, NftOperator operation)
    {
        NftExpressionWriter writer = Expressions(2);
        writer.Fib(address, NFT_FIB_RESULT_ADDRTYPE);
        writer.Compare((uint)operation, HostOrder(RTN_LOCAL));
        return this;
    }

    private NftRuleBuilder InterfaceName(uint key, string name, NftOperator operation)
    {
        bool wildcard = name.EndsWith('*');
        if (name == "*" && operation == NftOperator.Equal) return this;
        Span<byte> bytes = stackalloc byte[IFNAMSIZ];
        bytes.Clear();
        int length = WriteInterfaceName(wildcard ? name[..^1] : name, bytes);
        if (length == 0) throw new ArgumentException($"'{name}' names no interface", nameof(name));
        NftExpressionWriter writer = Expressions(2);
        writer.Meta(key, 1);
        writer.Compare((uint)operation, wildcard ? bytes[..length] : bytes);
        return this;
    }

    private NftRuleBuilder InterfaceName(uint key, NftSet set, NftOperator operation)
    {
        RequireMembers(set, NftKeyType.IfName);
        NftExpressionWriter writer = Expressions(2);
        writer.Meta(key, 1);
        writer.Lookup(set.Name, operation);
        return this;
    }

    private NftRuleBuilder InterfaceVmap(uint key, NftSet map)
    {
        RequireKey(map, NftKeyType.IfName);
        if (!map.IsMap) throw new ArgumentException($"{map.Name} is no verdict map", nameof(map));
        NftExpressionWriter writer = Expressions(2);
        writer.Meta(key, 1);
        writer.VerdictMap(map.Name);
        return this;
    }

    /// <summary>Writes a name without NUL; returns its length in bytes.</summary>
    internal static int WriteInterfaceName(string name, Span<byte> target)
    {
        if (Encoding.UTF8.GetByteCount(name) >= IFNAMSIZ) throw new ArgumentException($"'{name}' is longer than an interface name's 15 bytes", nameof(name));
        return Encoding.UTF8.GetBytes(name, target);
    }

    private static byte[] HostOrder(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
