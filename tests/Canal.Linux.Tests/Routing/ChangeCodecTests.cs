using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using CsCheck;

namespace Canal.Linux.Tests.Routing;

/// <summary>Requests byte by byte, put together by hand from linux/rtnetlink.h, if_link.h, neighbour.h and fib_rules.h.</summary>
public sealed class ChangeCodecTests
{
    private static readonly MacAddress Mac = new(0xeeeeeeeeeeee);

    private static byte[] Encode(KernelChange change, uint sequence = 1)
    {
        NetlinkBuffer buffer = new();
        ChangeCodec.Write(new NetlinkWriter(buffer), sequence, change);
        return buffer.Written.ToArray();
    }

    private static void AssertBytes(string hex, KernelChange change) =>
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(Encode(change)));

    private static Cidr Net(string text) => Cidr.Parse(text);

    private static IpAddress Ip(string text) => IpAddress.Parse(text);

    [Fact]
    public void A_workload_route() => AssertBytes(
        "34000000 1800 0106 01000000 00000000" // RTM_NEWROUTE, REQUEST | CREATE | EXCL
        + "02200000 fe50fd01 00000000" // AF_INET /32, table 254, protocol 80, scope link, unicast
        + "08000100 0a41000a 08000f00 fe000000 08000400 07000000", // RTA_DST, RTA_TABLE, RTA_OIF
        KernelChange.Add(Route.ToLink(Net("10.65.0.10/32"), 7)));

    [Fact]
    public void An_overlay_route_of_IPv6_has_the_default_metric() => AssertBytes(
        "68000000 1800 0105 01000000 00000000" // RTM_NEWROUTE, REQUEST | CREATE | REPLACE
        + "0a400000 fe500001 04000000" // RTNH_F_ONLINK
        + "14000100 fd000005000000000000000000000000 08000f00 fe000000 08000600 00040000 08000400 03000000"
        + "14000500 fd000009000000000000000000000009 0c000880 08000200 78050000", // RTA_GATEWAY, RTA_METRICS { RTAX_MTU 1400 }
        KernelChange.Replace(Route.Via(Net("fd00:5::/64"), Ip("fd00:9::9"), 3) with { Mtu = 1400 }));

    [Fact]
    public void A_blackhole_is_deleted_without_a_next_hop() => AssertBytes(
        "2c000000 1900 0100 01000000 00000000 021a0000 00500006 00000000 08000100 0a420000 08000f00 e8030000",
        KernelChange.Delete(new Route { Destination = Net("10.66.0.0/26"), Type = RouteType.Blackhole, Table = 1000, Interface = 9 }));

    [Fact]
    public void A_multipath_route() => AssertBytes(
        "50000000 1800 0106 01000000 00000000 02180000 fe500001 00000000 08000100 0a090000 08000f00 fe000000"
        + "24000980 10000000 03000000 08000500 0a010001" // struct rtnexthop: length 16, weight 1, link 3
        + "10000402 04000000 08000500 0a020001", // onlink, weight 3, link 4
        new KernelChange(ChangeVerb.Add, new Route { Destination = Net("10.9.0.0/24"), NextHops = [new NextHop(3, Ip("10.1.0.1")), new NextHop(4, Ip("10.2.0.1"), 3, Onlink: true)] }));

    [Fact]
    public void A_permanent_neighbour() => AssertBytes(
        "30000000 1c00 0105 01000000 00000000 02000000 05000000 8000 00 00 08000100 0a41000a 0a000200 eeeeeeeeeeee 0000",
        KernelChange.Replace(new Neighbour { Interface = 5, Address = Ip("10.65.0.10"), Mac = Mac }));

    [Fact]
    public void A_proxy_neighbour() => AssertBytes(
        "30000000 1c00 0106 01000000 00000000 0a000000 05000000 8000 08 00 14000100 fd000000000000000000000000000001",
        KernelChange.Add(Neighbour.Proxy(5, Ip("fd00::1"))));

    [Fact]
    public void An_FDB_entry_of_a_tunnel() => AssertBytes(
        "30000000 1d00 0100 01000000 00000000 07000000 05000000 8000 02 00 0a000200 eeeeeeeeeeee 0000 08000100 c0000202",
        KernelChange.Delete(new FdbEntry { Interface = 5, Mac = Mac, Destination = Ip("192.0.2.2") }));

    [Fact]
    public void An_address() => AssertBytes(
        "28000000 1400 0106 01000000 00000000 02180000 03000000 08000200 0a010203 08000100 0a010203",
        KernelChange.Add(new InterfaceAddress { Interface = 3, Address = Ip("10.1.2.3"), PrefixLength = 24 }));

    [Fact]
    public void Link_up() => AssertBytes(
        "20000000 1000 0100 01000000 00000000 00000000 09000000 01000000 01000000",
        KernelChange.SetUp(9, up: true));

    [Fact]
    public void WireGuards_rule() => AssertBytes(
        "44000000 2000 0106 01000000 00000000 02000000 01000001 02000000" // table 1, FR_ACT_TO_TBL, FIB_RULE_INVERT
        + "08000600 63000000 08000a00 00002000 08001000 00002000 08000f00 01000000 05001500 50000000",
        KernelChange.Add(new RoutingRule { Family = IpFamily.V4, Priority = 99, Invert = true, Mark = 0x200000, Mask = 0x200000, Table = 1, Protocol = 80 }));

    [Fact]
    public void What_rtnetlink_cannot_say_is_refused_at_once()
    {
        RoutingRule rule = new() { Family = IpFamily.V4, Priority = 1 };
        Assert.Throws<ArgumentException>(() => Encode(KernelChange.Replace(rule)));
        Assert.Throws<ArgumentException>(() => Encode(KernelChange.Replace(new Link { Name = "a" })));
        Assert.Throws<ArgumentException>(() => Encode(KernelChange.Add(new LinkSettings { Index = 1 })));
        Assert.Throws<ArgumentException>(() => Encode(new KernelChange(ChangeVerb.Set, rule)));
    }

    private static readonly Gen<Cidr> AnyCidr = Gen.Select(Gen.Bool, Gen.ULong, Gen.ULong, Gen.Int[0, 128], (v6, high, low, length) =>
        v6 ? new Cidr(new IpAddress(IpFamily.V6, high, low), length) : new Cidr(IpAddress.FromV4((uint)low), length % 33));

    private static readonly Gen<Route> AnyRoute =
        from destination in AnyCidr
        from table in Gen.UInt[1, uint.MaxValue]
        from type in Gen.Int[1, 9]
        from protocol in Gen.Byte
        from link in Gen.Int[1, int.MaxValue]
        from gateway in AnyCidr
        from hops in Gen.Int[0, 3]
        from metric in Gen.UInt
        from mtu in Gen.UInt
        from has in Gen.Bool.Array[3]
        select new Route
        {
            Destination = destination,
            Table = table,
            Type = (RouteType)type,
            Protocol = protocol,
            Scope = has[0] ? RouteScope.Link : RouteScope.Universe,
            Interface = hops > 1 ? 0 : link,
            Gateway = has[1] && hops <= 1 ? gateway.Address : null,
            Onlink = has[2] && hops <= 1,
            Metric = metric,
            Mtu = mtu,
            Source = has[2] ? destination.Last : null,
            NextHops = hops <= 1 ? default : Enumerable.Range(1, hops).Select(i => new NextHop(link, has[1] ? gateway.Last : null, i * 64, has[0])).ToEquatableArray(),
        };

    [Fact]
    public void A_route_that_was_written_reads_back_in_its_canonical_form() => AnyRoute.Sample(route =>
    {
        NetlinkReader reader = new(Encode(KernelChange.Add(route)));
        Assert.True(reader.Next());
        Assert.Equal(route.Canonical(), RouteCodec.Read(reader.Current));
    });

    /// <summary>Any message of any type with any content, cut anywhere, is an event or none, never an exception.</summary>
    [Fact]
    public void Garbage_is_no_event() => Gen.Select(AnyRoute, Gen.UShort[16, 36], Gen.Int[0, 200], Gen.Select(Gen.Int[16, 200], Gen.Byte).List[0, 12]).Sample((route, type, length, edits) =>
    {
        byte[] bytes = Encode(KernelChange.Add(route));
        foreach ((int at, byte value) in edits)
            if (at < bytes.Length) bytes[at] = value;
        bytes = bytes[..Math.Max(16, Math.Min(length, bytes.Length))];
        BitConverter.TryWriteBytes(bytes, bytes.Length);
        BitConverter.TryWriteBytes(bytes.AsSpan(4), type);
        NetlinkReader reader = new(bytes);
        Assert.True(reader.Next());
        _ = LinkMonitor.Read(reader.Current)?.ToString();
    });
}
