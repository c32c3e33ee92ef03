using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Qdiscs and filters as RTM_*QDISC and RTM_*TFILTER messages: struct tcmsg and TCA_* (linux/pkt_sched.h, pkt_cls.h, tc_act/tc_mirred.h).</summary>
internal static class TrafficCodec
{
    private const string Tbf = "tbf", U32 = "u32", Mirred = "mirred";

    /// <summary>What comes in, in the same words for an ingress qdisc and for clsact.</summary>
    private const uint IngressFilters = 0xfffffff2;

    /// <summary>Every protocol, in network order.</summary>
    private const uint AllProtocols = 0x0300;

    /// <summary>The qdisc, or null when it is neither at a link's root nor its hook.</summary>
    internal static Qdisc? ReadQdisc(NetlinkMessage message)
    {
        if (ReadHeader(message) is not { Parent: Qdisc.RootParent or Qdisc.IngressParent } header) return null;
        NetlinkAttributes attributes = message.Attributes(TcMsgLength);
        string kind = new NetlinkAttribute(TCA_KIND, attributes.Find(TCA_KIND)).String;
        TokenBucket? bucket = kind == Tbf ? ReadBucket(new NetlinkAttributes(attributes.Find(TCA_OPTIONS))) : null;
        return new Qdisc { Interface = header.Interface, Kind = kind, Handle = header.Handle, Parent = header.Parent, Bucket = bucket };
    }

    private static TokenBucket? ReadBucket(NetlinkAttributes options)
    {
        ReadOnlySpan<byte> parameters = options.Find(TCA_TBF_PARMS);
        if (parameters.Length < TbfLength) return null;
        return new TokenBucket(ReadRate(parameters, options.Find(TCA_TBF_RATE64)), U32At(parameters, 28), U32At(parameters, 24),
            ReadRate(parameters[RateLength..], options.Find(TCA_TBF_PRATE64)), U32At(parameters, 32));
    }

    private static ulong ReadRate(ReadOnlySpan<byte> rate, ReadOnlySpan<byte> wide) => wide.Length >= 8 ? BinaryPrimitives.ReadUInt64LittleEndian(wide) : U32At(rate, 8);

    /// <summary>The filter, or null when it is not for what comes in. A handle of 0 stands for all filters of its priority.</summary>
    internal static IngressFilter? ReadFilter(NetlinkMessage message)
    {
        if (ReadHeader(message) is not { } header || header.Parent >> 16 != Qdisc.IngressHandle >> 16) return null;
        NetlinkAttributes attributes = message.Attributes(TcMsgLength);
        bool u32 = new NetlinkAttribute(TCA_KIND, attributes.Find(TCA_KIND)).String == U32;
        // The hash tables that u32 hangs its filters in are told, too.
        if (u32 && header.Handle != 0 && (header.Handle & 0xfff) == 0) return null;
        return new IngressFilter(header.Interface, u32 ? ReadTarget(new NetlinkAttributes(attributes.Find(TCA_OPTIONS))) : null) { Priority = (ushort)(header.Info >> 16), Handle = header.Handle };
    }

    private static int? ReadTarget(NetlinkAttributes options)
    {
        foreach (NetlinkAttribute action in new NetlinkAttributes(options.Find(TCA_U32_ACT)))
        {
            if (new NetlinkAttribute(TCA_ACT_KIND, action.Nested.Find(TCA_ACT_KIND)).String != Mirred) continue;
            ReadOnlySpan<byte> parameters = new NetlinkAttributes(action.Nested.Find(TCA_ACT_OPTIONS)).Find(TCA_MIRRED_PARMS);
            if (parameters.Length >= MirredLength && U32At(parameters, 20) == TCA_EGRESS_REDIR) return (int)U32At(parameters, 24);
        }
        return null;
    }

    private static (int Interface, uint Handle, uint Parent, uint Info)? ReadHeader(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        return header.Length < TcMsgLength ? null : ((int)U32At(header, 4), U32At(header, 8), U32At(header, 12), U32At(header, 16));
    }

    private static uint U32At(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    internal static void WriteQdiscDump(NetlinkWriter writer) => writer.Header(TcMsgLength);

    internal static void WriteFilterDump(NetlinkWriter writer, int link) => WriteHeader(writer, link, 0, IngressFilters);

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, Qdisc qdisc)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        WriteHeader(writer, qdisc.Interface, qdisc.Handle, qdisc.Parent);
        writer.String(TCA_KIND, qdisc.Kind);
        if (qdisc.Bucket is { } bucket && type == RTM_NEWQDISC) WriteBucket(writer, bucket);
        writer.EndMessage(message);
    }

    private static void WriteBucket(NetlinkWriter writer, TokenBucket bucket)
    {
        int options = writer.BeginNested(TCA_OPTIONS);
        Span<byte> parameters = writer.Attribute(TCA_TBF_PARMS, TbfLength);
        WriteRate(parameters, bucket.Rate);
        if (bucket.PeakRate > 0) WriteRate(parameters[RateLength..], bucket.PeakRate);
        BinaryPrimitives.WriteUInt32LittleEndian(parameters[24..], bucket.Limit);
        BinaryPrimitives.WriteUInt32LittleEndian(parameters[28..], bucket.Burst);
        BinaryPrimitives.WriteUInt32LittleEndian(parameters[32..], bucket.PeakBurst);
        if (bucket.Rate > uint.MaxValue) BinaryPrimitives.WriteUInt64LittleEndian(writer.Attribute(TCA_TBF_RATE64, 8), bucket.Rate);
        if (bucket.PeakRate > uint.MaxValue) BinaryPrimitives.WriteUInt64LittleEndian(writer.Attribute(TCA_TBF_PRATE64, 8), bucket.PeakRate);
        writer.EndNested(options);
    }

    /// <summary>With the link layer given, the kernel wants no table of transmission times.</summary>
    private static void WriteRate(Span<byte> specification, ulong rate)
    {
        specification[1] = TC_LINKLAYER_ETHERNET;
        BinaryPrimitives.WriteUInt32LittleEndian(specification[8..], (uint)Math.Min(rate, uint.MaxValue));
    }

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, IngressFilter filter)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        WriteHeader(writer, filter.Interface, filter.Handle, IngressFilters, ((uint)filter.Priority << 16) | AllProtocols);
        writer.String(TCA_KIND, U32);
        if (type == RTM_NEWTFILTER) WriteMatchAll(writer, filter.Target ?? 0);
        writer.EndMessage(message);
    }

    /// <summary>One key without a bit to compare.</summary>
    private static void WriteMatchAll(NetlinkWriter writer, int target)
    {
        int options = writer.BeginNested(TCA_OPTIONS);
        Span<byte> selector = writer.Attribute(TCA_U32_SEL, SelectorLength + KeyLength);
        (selector[0], selector[2]) = (TC_U32_TERMINAL, 1);
        int actions = writer.BeginNested(TCA_U32_ACT);
        int action = writer.BeginNested(1);
        writer.String(TCA_ACT_KIND, Mirred);
        int details = writer.BeginNested(TCA_ACT_OPTIONS);
        Span<byte> parameters = writer.Attribute(TCA_MIRRED_PARMS, MirredLength);
        BinaryPrimitives.WriteUInt32LittleEndian(parameters[8..], TC_ACT_STOLEN);
        BinaryPrimitives.WriteUInt32LittleEndian(parameters[20..], TCA_EGRESS_REDIR);
        BinaryPrimitives.WriteInt32LittleEndian(parameters[24..], target);
        writer.EndNested(details);
        writer.EndNested(action);
        writer.EndNested(actions);
        writer.EndNested(options);
    }

    private static void WriteHeader(NetlinkWriter writer, int link, uint handle, uint parent, uint info = 0)
    {
        Span<byte> header = writer.Header(TcMsgLength);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], link);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], handle);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], parent);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], info);
    }
}
