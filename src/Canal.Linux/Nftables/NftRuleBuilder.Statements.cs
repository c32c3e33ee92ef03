using System.Text;
using Canal.Core.Addressing;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>What a rule does: count, log, mark, translate, decide.</summary>
public sealed partial class NftRuleBuilder
{
    /// <summary><c>counter</c>, from zero; one a rule.</summary>
    public NftRuleBuilder Counter()
    {
        if (counterOffset >= 0) throw new InvalidOperationException("the rule counts already");
        counterOffset = buffer.Length;
        Expressions().Counter();
        return this;
    }

    /// <summary><c>log prefix "…" level info</c> to the kernel log. The prefix holds at most 127 bytes and is cut when longer.</summary>
    public NftRuleBuilder Log(string prefix, NftLogLevel level)
    {
        Expressions().LogToKernel(NftUserData.Clean(prefix), level);
        return this;
    }

    /// <summary><c>log prefix "…" group 7</c> to nfnetlink_log; nothing comes of it while nobody listens.</summary>
    public NftRuleBuilder Log(ushort group, string prefix = "")
    {
        Expressions().LogToGroup(group, NftUserData.Clean(prefix));
        return this;
    }

    /// <summary><c>limit rate 10/second burst 5 packets</c>: matches while the rate is kept.</summary>
    public NftRuleBuilder Limit(ulong rate, NftLimitUnit unit, uint burst = 5)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rate);
        Expressions().Limit(rate, unit, burst);
        return this;
    }

    /// <summary><c>limit rate over 10/second burst 5 packets</c>: matches what is beyond the rate.</summary>
    public NftRuleBuilder LimitOver(ulong packetsPerSecond, uint burst)
    {
        ArgumentOutOfRangeException.ThrowIfZero(packetsPerSecond);
        Expressions().Limit(packetsPerSecond, NftLimitUnit.Second, burst, NFT_LIMIT_F_INV);
        return this;
    }

    /// <summary><c>ct count over 10</c>: more connections than that have come by this rule and still live.</summary>
    public NftRuleBuilder ConnectionsOver(uint count)
    {
        Expressions().ConnectionLimit(count, NFT_CONNLIMIT_F_INV);
        return this;
    }

    /// <summary><c>ip dscp set 0x05</c> or <c>ip6 dscp set 0x05</c>; needs NfProto.</summary>
    /// <param name="family">The packet's.</param>
    /// <param name="value">0 to 63.</param>
    public NftRuleBuilder SetDscp(IpFamily family, byte value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 63);
        // The code point is 6 bits: behind version and header length in IPv4, behind the 4 bits of the version in IPv6.
        int shift = family == IpFamily.V4 ? 2 : 6;
        ushort bits = (ushort)(value << shift), mask = (ushort)~(63 << shift);
        NftExpressionWriter writer = Expressions(3);
        writer.Payload(NFT_PAYLOAD_NETWORK_HEADER, 0, 2, 1);
        writer.Bitwise(NetworkOrder(mask), NetworkOrder(bits));
        writer.SetPayload(NFT_PAYLOAD_NETWORK_HEADER, 0, 2, family == IpFamily.V4 ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE, family == IpFamily.V4 ? 10 : 0);
        return this;
    }

    /// <summary>
    /// <c>meta mark set (mark &amp; ~mask) ^ value</c>: with a value inside the mask, the bits under the mask become the value's. The whole mark by default.
    /// </summary>
    public NftRuleBuilder SetMetaMark(uint value, uint mask = uint.MaxValue)
    {
        NftExpressionWriter writer = Expressions(3);
        if (mask == uint.MaxValue)
        {
            writer.Immediate(1, HostOrder(value));
        }
        else
        {
            writer.Meta(NFT_META_MARK, 1);
            writer.Bitwise(HostOrder(~mask), HostOrder(value));
        }
        writer.SetMeta(NFT_META_MARK, 1);
        return this;
    }

    /// <summary><c>notrack</c>: useful only before conntrack, at a priority below -200.</summary>
    public NftRuleBuilder Notrack()
    {
        Expressions().Notrack();
        return this;
    }

    /// <summary><c>accept</c></summary>
    public NftRuleBuilder Accept() => Verdict(NftVerdict.Accept);

    /// <summary><c>drop</c></summary>
    public NftRuleBuilder Drop() => Verdict(NftVerdict.Drop);

    /// <summary><c>return</c>; at the end of a base chain its policy.</summary>
    public NftRuleBuilder Return() => Verdict(NftVerdict.Return);

    /// <summary><c>continue</c></summary>
    public NftRuleBuilder Continue() => Verdict(NftVerdict.Continue);

    /// <summary><c>jump chain</c>; the chain must exist when the rule is added.</summary>
    public NftRuleBuilder Jump(string chain) => Verdict(NftVerdict.Jump(chain));

    /// <summary><c>goto chain</c></summary>
    public NftRuleBuilder Goto(string chain) => Verdict(NftVerdict.Goto(chain));

    public NftRuleBuilder Verdict(NftVerdict verdict)
    {
        if (verdict.Chain is not null) CheckName(verdict.Chain);
        Expressions().Verdict(verdict);
        return this;
    }

    /// <summary><c>reject with …</c>; in input, forward and output only.</summary>
    public NftRuleBuilder Reject(NftReject answer = NftReject.PortUnreachable)
    {
        // NFT_REJECT_TCP_RST 1, NFT_REJECT_ICMPX_UNREACH 2
        if (answer == NftReject.TcpReset) RequireTransport();
        if (answer == NftReject.TcpReset) Expressions().Reject(1, 0);
        else Expressions().Reject(2, (byte)answer);
        return this;
    }

    /// <summary><c>masquerade</c>, in nat chains of postrouting. With ports (needs L4Proto) <c>masquerade to :1024-65535</c>.</summary>
    public NftRuleBuilder Masquerade(PortRange? ports = null, NftNatFlags flags = NftNatFlags.None)
    {
        (uint first, uint last) = LoadPorts(ports, word: 0);
        Expressions().Masquerade(NatFlags(ports, flags), first, last);
        return this;
    }

    /// <summary><c>snat ip to 192.0.2.1</c>, in nat chains of postrouting and input.</summary>
    public NftRuleBuilder Snat(IpAddress address, PortRange? ports = null, NftNatFlags flags = NftNatFlags.None) => Nat(0, address, ports, flags);

    /// <summary><c>dnat ip to 10.65.0.2</c>, in nat chains of prerouting and output.</summary>
    public NftRuleBuilder Dnat(IpAddress address, PortRange? ports = null, NftNatFlags flags = NftNatFlags.None) => Nat(1, address, ports, flags);

    private NftRuleBuilder Nat(uint type, IpAddress address, PortRange? ports, NftNatFlags flags)
    {
        Span<byte> bytes = stackalloc byte[16];
        int length = address.WriteBytes(bytes);
        Expressions().Immediate(1, bytes[..length]);
        (uint first, uint last) = LoadPorts(ports, word: length / 4);
        Expressions().Nat(type, address.Family == IpFamily.V4 ? NFPROTO_IPV4 : NFPROTO_IPV6, NatFlags(ports, flags), first, last);
        return this;
    }

    /// <summary>Puts the ports into the registers from a 4-byte word on; 0 where there is none.</summary>
    private (uint First, uint Last) LoadPorts(PortRange? ports, int word)
    {
        if (ports is not { } range) return (0, 0);
        RequireTransport();
        // nft gives each port a 16-byte register when the first one does.
        uint first = 1 + (uint)(word + 3) / 4, last = range.First == range.Last ? 0 : first + 1;
        Expressions().Immediate(first, NetworkOrder(range.First));
        if (last != 0) Expressions().Immediate(last, NetworkOrder(range.Last));
        return (first, last);
    }

    private static uint NatFlags(PortRange? ports, NftNatFlags flags) => (uint)flags | (ports is null ? 0 : NF_NAT_RANGE_PROTO_SPECIFIED);

    internal static void CheckName(string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > MaxNameLength)
            throw new ArgumentException($"'{name}' is no name: it must have 1 to {MaxNameLength} bytes", nameof(name));
    }
}
