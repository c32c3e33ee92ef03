using System.Buffers.Binary;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Routes as RTM_*ROUTE messages: struct rtmsg, struct rtnexthop and RTA_* (linux/rtnetlink.h).</summary>
internal static class RouteCodec
{
    private const int NextHopLength = 8;

    /// <summary>The route as <see cref="Route.Canonical"/> has it, or null for another family, a cached clone, or a destination that is none.</summary>
    internal static Route? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        if (header.Length < RtMsgLength || AddressFamily.Read(header[0]) is not { } family || header[1] > family.Bits) return null;
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if ((flags & RTM_F_CLONED) != 0) return null;
        Route route = new()
        {
            Destination = new Cidr(new IpAddress(family, 0, 0), 0),
            Table = header[4],
            Protocol = header[5],
            Scope = (RouteScope)header[6],
            Type = (RouteType)header[7],
            Onlink = (flags & RTNH_F_ONLINK) != 0,
        };
        foreach (NetlinkAttribute attribute in message.Attributes(RtMsgLength))
        {
            if (attribute.Type != RTA_DST)
                route = Read(route, attribute);
            else if (attribute.Address is { } destination && destination.Family == family)
                route = route with { Destination = new Cidr(destination, header[1]) };
            else
                return null;
        }
        return route.Canonical();
    }

    private static Route Read(Route route, NetlinkAttribute attribute) => attribute.Type switch
    {
        RTA_OIF => route with { Interface = (int)attribute.UInt32 },
        RTA_GATEWAY => route with { Gateway = attribute.Address },
        RTA_VIA => route with { Gateway = Via(attribute) },
        RTA_PRIORITY => route with { Metric = attribute.UInt32 },
        RTA_PREFSRC => route with { Source = attribute.Address },
        RTA_TABLE => route with { Table = attribute.UInt32 },
        RTA_METRICS => route with { Mtu = Mtu(attribute.Nested) },
        RTA_MULTIPATH => route with { NextHops = ReadNextHops(attribute.Payload) },
        _ => route,
    };

    /// <summary>struct rtvia: a gateway of another family than the destination.</summary>
    private static IpAddress? Via(NetlinkAttribute attribute) =>
        attribute.Payload.Length < 2 ? null : new NetlinkAttribute(attribute.Type, attribute.Payload[2..]).Address;

    private static uint Mtu(NetlinkAttributes metrics)
    {
        ReadOnlySpan<byte> mtu = metrics.Find(RTAX_MTU);
        return mtu.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(mtu);
    }

    private static EquatableArray<NextHop> ReadNextHops(ReadOnlySpan<byte> rest)
    {
        List<NextHop> hops = [];
        while (rest.Length >= NextHopLength)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (length < NextHopLength || length > rest.Length) break;
            hops.Add(ReadNextHop(rest[..length]));
            rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        }
        return hops.ToEquatableArray();
    }

    private static NextHop ReadNextHop(ReadOnlySpan<byte> bytes)
    {
        NextHop hop = new(BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), null, bytes[3] + 1, (bytes[2] & RTNH_F_ONLINK) != 0);
        foreach (NetlinkAttribute attribute in new NetlinkAttributes(bytes[NextHopLength..]))
        {
            if (attribute.Type == RTA_GATEWAY) hop = hop with { Gateway = attribute.Address };
            else if (attribute.Type == RTA_VIA) hop = hop with { Gateway = Via(attribute) };
        }
        return hop;
    }

    internal static void WriteDump(NetlinkWriter writer, IpFamily family, RouteFilter filter)
    {
        Span<byte> header = writer.Header(RtMsgLength);
        header[0] = AddressFamily.Number(family);
        header[5] = filter.Protocol ?? 0;
        header[7] = (byte)(filter.Type ?? 0);
        if (filter.Table is { } table) writer.UInt32(RTA_TABLE, table);
        if (filter.Interface is { } link) writer.UInt32(RTA_OIF, (uint)link);
    }

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, Route wanted)
    {
        Route route = wanted.Canonical();
        int message = writer.BeginMessage(type, flags, sequence);
        Span<byte> header = writer.Header(RtMsgLength);
        header[0] = AddressFamily.Number(route.Family);
        header[1] = route.Destination.Length;
        header[4] = (byte)(route.Table < 256 ? route.Table : 0);
        header[5] = route.Protocol;
        header[6] = (byte)route.Scope;
        header[7] = (byte)route.Type;
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], route.Onlink ? RTNH_F_ONLINK : 0u);
        writer.Address(RTA_DST, route.Destination.Address);
        writer.UInt32(RTA_TABLE, route.Table);
        if (route.Metric != 0) writer.UInt32(RTA_PRIORITY, route.Metric);
        if (route.Interface != 0) writer.UInt32(RTA_OIF, (uint)route.Interface);
        if (route.Gateway is { } gateway) WriteGateway(writer, route.Family, gateway);
        if (route.Source is { } source) writer.Address(RTA_PREFSRC, source);
        if (route.Mtu != 0) WriteMtu(writer, route.Mtu);
        if (!route.NextHops.IsEmpty) WriteNextHops(writer, route);
        writer.EndMessage(message);
    }

    private static void WriteGateway(NetlinkWriter writer, IpFamily family, IpAddress gateway)
    {
        if (gateway.Family == family)
        {
            writer.Address(RTA_GATEWAY, gateway);
            return;
        }
        Span<byte> via = writer.Attribute(RTA_VIA, 2 + gateway.Family.Bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(via, AddressFamily.Number(gateway.Family));
        gateway.WriteBytes(via[2..]);
    }

    private static void WriteMtu(NetlinkWriter writer, uint mtu)
    {
        int metrics = writer.BeginNested(RTA_METRICS);
        writer.UInt32(RTAX_MTU, mtu);
        writer.EndNested(metrics);
    }

    private static void WriteNextHops(NetlinkWriter writer, Route route)
    {
        int multipath = writer.BeginNested(RTA_MULTIPATH);
        foreach (NextHop hop in route.NextHops) WriteNextHop(writer, route.Family, hop);
        writer.EndNested(multipath);
    }

    private static void WriteNextHop(NetlinkWriter writer, IpFamily family, NextHop hop)
    {
        if (hop.Weight is < 1 or > 256) throw new ArgumentOutOfRangeException(nameof(hop), hop.Weight, "the weight of a next hop is 1 to 256");
        int attributes = hop.Gateway is not { } gateway ? 0 : gateway.Family == family ? 4 + family.Bytes : (4 + 2 + gateway.Family.Bytes + 3) & ~3;
        Span<byte> header = writer.Header(NextHopLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(NextHopLength + attributes));
        header[2] = hop.Onlink ? RTNH_F_ONLINK : (byte)0;
        header[3] = (byte)(hop.Weight - 1);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], hop.Interface);
        if (hop.Gateway is { } to) WriteGateway(writer, family, to);
    }
}
