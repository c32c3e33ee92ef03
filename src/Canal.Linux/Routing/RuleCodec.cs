using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Policy routing rules as RTM_*RULE messages: struct fib_rule_hdr and FRA_* (linux/fib_rules.h).</summary>
internal static class RuleCodec
{
    /// <summary>The rule, or null when it is of another family.</summary>
    internal static RoutingRule? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        if (header.Length < FibRuleLength || AddressFamily.Read(header[0]) is not { } family || header[1] > family.Bits || header[2] > family.Bits) return null;
        RoutingRule rule = new()
        {
            Family = family,
            Priority = 0,
            Table = header[4],
            Action = header[7],
            Invert = (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) & FIB_RULE_INVERT) != 0,
        };
        foreach (NetlinkAttribute attribute in message.Attributes(FibRuleLength)) rule = Read(rule, attribute, header[1], header[2]);
        return rule;
    }

    private static RoutingRule Read(RoutingRule rule, NetlinkAttribute attribute, int toLength, int fromLength) => attribute.Type switch
    {
        FRA_DST => rule with { To = Prefix(rule, attribute, toLength) },
        FRA_SRC => rule with { From = Prefix(rule, attribute, fromLength) },
        FRA_IIFNAME => rule with { InputInterface = attribute.String },
        FRA_OIFNAME => rule with { OutputInterface = attribute.String },
        FRA_PRIORITY => rule with { Priority = attribute.UInt32 },
        FRA_FWMARK => rule with { Mark = attribute.UInt32 },
        FRA_FWMASK => rule with { Mask = attribute.UInt32 },
        FRA_TABLE => rule with { Table = attribute.UInt32 },
        FRA_SUPPRESS_PREFIXLEN when attribute.UInt32 != uint.MaxValue => rule with { SuppressPrefixLength = (int)attribute.UInt32 },
        FRA_PROTOCOL => rule with { Protocol = attribute.Byte },
        _ => rule,
    };

    private static Cidr? Prefix(RoutingRule rule, NetlinkAttribute attribute, int length) =>
        attribute.Address is { } address && address.Family == rule.Family ? new Cidr(address, length) : null;

    internal static void WriteDump(NetlinkWriter writer, IpFamily family) => writer.Header(FibRuleLength)[0] = AddressFamily.Number(family);

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, RoutingRule rule)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        Span<byte> header = writer.Header(FibRuleLength);
        header[0] = AddressFamily.Number(rule.Family);
        header[1] = rule.To?.Length ?? 0;
        header[2] = rule.From?.Length ?? 0;
        header[4] = (byte)(rule.Table < 256 ? rule.Table : 0);
        header[7] = rule.Action;
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], rule.Invert ? FIB_RULE_INVERT : 0);
        writer.UInt32(FRA_PRIORITY, rule.Priority);
        if (rule.To is { Length: > 0 } to) writer.Address(FRA_DST, to.Address);
        if (rule.From is { Length: > 0 } from) writer.Address(FRA_SRC, from.Address);
        if (rule.InputInterface is not null) writer.String(FRA_IIFNAME, rule.InputInterface);
        if (rule.OutputInterface is not null) writer.String(FRA_OIFNAME, rule.OutputInterface);
        if (rule.Mask != 0)
        {
            writer.UInt32(FRA_FWMARK, rule.Mark);
            writer.UInt32(FRA_FWMASK, rule.Mask);
        }
        if (rule.Action == FR_ACT_TO_TBL) writer.UInt32(FRA_TABLE, rule.Table);
        if (rule.SuppressPrefixLength is { } suppress) writer.UInt32(FRA_SUPPRESS_PREFIXLEN, (uint)suppress);
        writer.Byte(FRA_PROTOCOL, rule.Protocol);
        writer.EndMessage(message);
    }
}
