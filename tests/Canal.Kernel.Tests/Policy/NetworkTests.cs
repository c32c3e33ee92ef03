using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>Translation and limits, with real packets and every packet filter.</summary>
public sealed class NetworkTests
{
    private const int Sentinel = int.MaxValue, Hops = 3, Ethernet = 14;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly FelixParameters Parameters = new() { Network = new NetworkParameters { FloatingIps = true } };

    private static readonly NetworkSets Pools = NetworkSets.Empty with
    {
        Pools = [Cidr.Parse("10.0.0.0/16"), Cidr.Parse("fd00::/64")],
        Masqueraded = [Cidr.Parse("10.0.0.0/16"), Cidr.Parse("fd00::/64")],
    };

    public static TheoryData<PacketFilter> Filters => [.. Enum.GetValues<PacketFilter>()];

    [Theory]
    [MemberData(nameof(Filters))]
    public void What_leaves_the_pools_takes_the_hosts_address(PacketFilter filter) => Run(filter, spec => spec, host =>
    {
        List<(int Link, byte[] Frame)> seen = Deliver(host, "caliw0", [Udp("10.0.0.1", "198.51.100.7", 80), Udp("10.0.0.1", "10.0.9.9", 80), Udp("fd00::1", "2001:db8::7", 80)]);
        Assert.Equal([PolicyHost.V4Address, "10.0.0.1", PolicyHost.V6Address], seen.Where(s => s.Link == host.Ports[PolicyHost.External].OutsideLink).Select(s => Source(s.Frame)));
    });

    [Theory]
    [MemberData(nameof(Filters))]
    public void The_address_and_the_ports_of_the_translation_can_be_said(PacketFilter filter) => Run(filter, spec => spec, host =>
    {
        IEnumerable<Packet> connections = Enumerable.Range(3000, 5).Select(port => Udp("10.0.0.1", "198.51.100.7", 80) with { SourcePort = (ushort)port });
        List<(int Link, byte[] Frame)> seen = [.. Deliver(host, "caliw0", connections).Where(s => s.Link == host.Ports[PolicyHost.External].OutsideLink)];
        Assert.Equal(Enumerable.Repeat("203.0.113.9", 5), seen.Select(s => Source(s.Frame)));
        Assert.Equal(5, seen.Select(s => SourcePort(s.Frame)).Distinct().Count());
        Assert.All(seen, s => Assert.InRange(SourcePort(s.Frame), 20_000, 20_010));
    }, new NetworkParameters { NatAddress = IpAddress.Parse("203.0.113.9"), NatPorts = new PortRange(20_000, 20_010) });

    [Theory]
    [MemberData(nameof(Filters))]
    public void Hosts_of_the_cluster_and_external_nodes_see_the_workloads_own_address_where_that_is_wanted(PacketFilter filter) => Run(filter, spec => spec, host =>
        Assert.Equal(["10.0.0.1", "10.0.0.1", PolicyHost.V4Address], SourcesOutside(host, "192.0.2.7", "198.51.100.9", "198.51.100.7")),
        new NetworkParameters { NatSparesHosts = true, ExternalNodes = [Cidr.Parse("198.51.100.8/30")] }, Pools with { Hosts = [Cidr.Parse("192.0.2.7/32")] });

    [Theory]
    [MemberData(nameof(Filters))]
    public void Only_what_leaves_by_the_interfaces_that_are_said_is_translated(PacketFilter filter)
    {
        Run(filter, spec => spec, host => Assert.Equal([PolicyHost.V4Address], SourcesOutside(host, "198.51.100.7")), new NetworkParameters { NatInterface = "eth*" });
        Run(filter, spec => spec, host => Assert.Equal(["10.0.0.1"], SourcesOutside(host, "198.51.100.7")), new NetworkParameters { NatInterface = "bond0" });
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_floating_address_leads_to_its_workload(PacketFilter filter) => Run(filter, spec => spec with { IpNats = [new IpNat(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("203.0.113.7"))] }, host =>
    {
        List<(int Link, byte[] Frame)> seen = Deliver(host, PolicyHost.External, [Udp("198.51.100.7", "203.0.113.7", 80)]);
        Assert.Equal(["10.0.0.1"], seen.Where(s => s.Link == host.Ports["caliw0"].OutsideLink).Select(s => Destination(s.Frame)));
    });

    [Theory]
    [MemberData(nameof(Filters))]
    public void Packets_beyond_a_rate_are_dropped(PacketFilter filter) => Run(filter, spec => spec with { QosControls = new QosControls { IngressPacketRate = 1, IngressPacketBurst = 5 } }, host =>
        Assert.InRange(Deliver(host, "caliw1", Enumerable.Repeat(Udp("10.0.0.2", "10.0.0.1", 80), 40)).Count(s => s.Link == host.Ports["caliw0"].OutsideLink), 5, 8));

    [Theory]
    [MemberData(nameof(Filters))]
    public void Connections_beyond_a_number_are_refused(PacketFilter filter) => Run(filter, spec => spec with { QosControls = new QosControls { IngressMaxConnections = 3 } }, host =>
        Assert.Equal(3, Deliver(host, "caliw1", Enumerable.Range(2000, 10).Select(port => Udp("10.0.0.2", "10.0.0.1", 80) with { SourcePort = (ushort)port })).Count(s => s.Link == host.Ports["caliw0"].OutsideLink)));

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_code_point_is_put_on_what_leaves_the_pools(PacketFilter filter) => Run(filter, spec => spec with { QosControls = new QosControls { Dscp = 10 } }, host =>
    {
        List<(int Link, byte[] Frame)> seen = Deliver(host, "caliw0", [Udp("10.0.0.1", "198.51.100.7", 80), Udp("10.0.0.1", "10.0.9.9", 80), Udp("fd00::1", "2001:db8::7", 80)]);
        Assert.Equal([10, 0, 10], seen.Where(s => s.Link == host.Ports[PolicyHost.External].OutsideLink).Select(s => CodePoint(s.Frame)));
    });

    private static IEnumerable<string> SourcesOutside(PolicyHost host, params string[] destinations) =>
        Deliver(host, "caliw0", destinations.Select(to => Udp("10.0.0.1", to, 80))).Where(s => s.Link == host.Ports[PolicyHost.External].OutsideLink).Select(s => Source(s.Frame));

    private static void Run(
        PacketFilter filter, Func<WorkloadEndpointSpec, WorkloadEndpointSpec> change, Action<PolicyHost> test, NetworkParameters? network = null, NetworkSets? sets = null) => PolicyHost.Run(["caliw0", "caliw1"], host =>
    {
        Resource[] cluster =
        [
            Open(),
            Workload("w0", "10.0.0.1, fd00::1", profiles: "open").But(spec => change(spec) with { Mac = host.Ports["caliw0"].OutsideMac }),
            Workload("w1", "10.0.0.2, fd00::2", profiles: "open").But(spec => spec with { Mac = host.Ports["caliw1"].OutsideMac }),
        ];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), network is null ? Parameters : Parameters with { Network = network }, sets ?? Pools);
        test(host);
    }, filter);

    /// <summary>Sends these on an interface's other end; returns what came out of the host anywhere, when all has that does: the sentinel goes the same queue.</summary>
    internal static List<(int Link, byte[] Frame)> Deliver(PolicyHost host, string from, IEnumerable<Packet> packets)
    {
        PolicyHost.Port port = host.Ports[from];
        int number = 0, hops = 0;
        foreach (Packet packet in packets) host.Outside.Send(port.OutsideLink, Frame.Of(packet, number++, port.OutsideMac, port.Mac));
        List<(int, byte[])> seen = [];
        byte[] frame = new byte[2048];
        for (SendSentinel(host); hops < Hops;)
        {
            Assert.True(host.Outside.TryReceive(Patience, frame, out int length, out int link), "the sentinel did not come back");
            int told = Frame.NumberIn(frame.AsSpan(0, length));
            if (told == Sentinel && ++hops < Hops) SendSentinel(host);
            if (told >= 0 && told < number) seen.Add((link, frame[..length]));
        }
        return seen;
    }

    private static void SendSentinel(PolicyHost host) =>
        host.Outside.Send(host.Sideways, Frame.Of(Udp("198.51.100.1", "198.51.100.2", 9), Sentinel, new MacAddress(0x020000000001), new MacAddress(0x020000000002)));

    private static bool IsV4(byte[] frame) => frame[Ethernet] >> 4 == 4;

    private static string Source(byte[] frame) => IpAddress.FromBytes(IsV4(frame) ? frame.AsSpan(Ethernet + 12, 4) : frame.AsSpan(Ethernet + 8, 16)).ToString();

    private static string Destination(byte[] frame) => IpAddress.FromBytes(IsV4(frame) ? frame.AsSpan(Ethernet + 16, 4) : frame.AsSpan(Ethernet + 24, 16)).ToString();

    private static int SourcePort(byte[] frame) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(Ethernet + (IsV4(frame) ? 20 : 40)));

    private static int CodePoint(byte[] frame)
    {
        int word = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(Ethernet));
        return (IsV4(frame) ? word >> 2 : word >> 6) & 63;
    }
}
