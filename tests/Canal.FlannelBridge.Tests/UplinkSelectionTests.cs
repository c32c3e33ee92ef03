using System.Text.Json.Nodes;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Kernel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests;

public sealed class UplinkSelectionTests
{
    private static readonly FlannelNetwork V4 = FlannelNetworkReader.Read("""{"Network":"10.5.0.0/16"}""");
    private static readonly FlannelNetwork Dual = FlannelNetworkReader.Read("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48"}""");

    private static readonly KernelPicture Picture = new(
        new Underlay(
            [Named(1, "lo"), Named(2, "eth0"), Named(3, "eth1"), Named(4, "cali1")],
            [
                Has(1, "127.0.0.1", 8) with { Scope = RouteScope.Host }, Has(2, "10.0.2.15", 24), Has(3, "169.254.7.7", 16) with { Scope = RouteScope.Link }, Has(3, "192.168.50.9", 24) with { IsDynamic = true },
                Has(3, "192.168.50.1", 24), Has(3, "fd50::5", 64) with { IsTemporary = true }, Has(3, "fd50::6", 64) with { IsDeprecated = true }, Has(3, "fd50::1", 64),
            ]),
        [Via("0.0.0.0/0", "10.0.2.2", 2), Via("192.168.60.0/24", "192.168.50.254", 3), new Route { Destination = Cidr.Parse("192.168.50.0/24"), Interface = 3, Source = IpAddress.Parse("192.168.50.9") }]);

    private static Link Named(int index, string name) => new() { Index = index, Name = name, Mtu = 1500 };

    private static InterfaceAddress Has(int link, string address, byte length) => new() { Interface = link, Address = IpAddress.Parse(address), PrefixLength = length };

    private static Route Via(string destination, string gateway, int link) => new() { Destination = Cidr.Parse(destination), Gateway = IpAddress.Parse(gateway), Interface = link };

    private static UplinkWishes Wish(string[]? interfaces = null, string[]? patterns = null, string? reach = null, string? publicV4 = null) => new(
        (interfaces ?? []).ToEquatableArray(), (patterns ?? []).ToEquatableArray(), reach is null ? null : IpAddress.Parse(reach), publicV4 is null ? null : IpAddress.Parse(publicV4), null);

    private static string Chosen(UplinkWishes wishes, FlannelNetwork? network = null)
    {
        Uplink uplink = UplinkSelection.Choose(wishes, Picture, network ?? V4);
        return $"{uplink.Link.Name} {uplink.V4} {uplink.V6} {uplink.PublicV4}".Replace("  ", " ");
    }

    [Fact]
    public void Without_a_wish_the_default_route_decides() => Assert.Equal("eth0 10.0.2.15 10.0.2.15", Chosen(Wish()));

    [Fact]
    public void Names_and_addresses_are_tried_in_their_order()
    {
        Assert.Equal("eth1 192.168.50.1 192.168.50.1", Chosen(Wish(["eth9", "eth1", "eth0"])));
        Assert.Equal("eth1 192.168.50.9 192.168.50.9", Chosen(Wish(["192.168.50.9"])));
    }

    [Fact]
    public void One_without_an_address_of_the_network_leaves_it_to_the_next()
    {
        Assert.Equal("eth0 10.0.2.15 10.0.2.15", Chosen(Wish(["cali1", "eth0"])));
        Assert.Equal("eth1 192.168.50.1 fd50::1 192.168.50.1", Chosen(Wish(["10.0.2.15", "eth1"]), Dual));
        Assert.Equal("eth0 10.0.2.15 10.0.2.15", Chosen(Wish(["cali1"], ["^cali", "^eth"])));
        Assert.Equal("eth1 192.168.50.9 192.168.50.9", Chosen(Wish(patterns: ["^cali"], reach: "192.168.50.3")));
        Assert.Equal("interface lo has no IPv4 address", Assert.Throws<UplinkException>(() => Chosen(Wish(["cali1"], ["^lo$"]))).Message);
    }

    [Fact]
    public void Lasting_global_addresses_come_first() => Assert.Equal("eth1 192.168.50.1 fd50::1 192.168.50.1", Chosen(Wish(["eth1"]), Dual));

    [Fact]
    public void Patterns_are_for_addresses_before_names()
    {
        Assert.Equal("eth1 192.168.50.9 192.168.50.9", Chosen(Wish(patterns: ["^192[.]168[.]50[.]"])));
        Assert.Equal("eth0 10.0.2.15 10.0.2.15", Chosen(Wish(patterns: ["nothing", "^eth"])));
    }

    [Fact]
    public void What_must_be_reached_decides_last()
    {
        Assert.Equal("eth1 192.168.50.1 192.168.50.1", Chosen(Wish(reach: "192.168.60.3")));
        Assert.Equal("eth1 192.168.50.9 192.168.50.9", Chosen(Wish(["eth9"], reach: "192.168.50.3")));
    }

    [Fact]
    public void A_public_address_is_looked_for_and_may_be_a_NATs_where_the_interface_is_named()
    {
        Assert.Equal("eth1 192.168.50.1 192.168.50.1", Chosen(Wish(publicV4: "192.168.50.1")));
        Assert.Equal("eth1 192.168.50.1 203.0.113.9", Chosen(Wish(["eth1"], publicV4: "203.0.113.9")));
    }

    [Theory]
    [InlineData("eth9", null, "no interface is eth9")]
    [InlineData("eth0", null, "interface eth0 has no IPv6 address")]
    [InlineData(null, "203.0.113.9", "no interface has the public address 203.0.113.9")]
    [InlineData(null, null, "there is no default route of IPv6")]
    public void What_is_missing_is_said(string? name, string? publicV4, string sentence) => Assert.StartsWith(sentence,
        Assert.Throws<UplinkException>(() => Chosen(Wish(name is null ? null : [name], publicV4: publicV4), Dual)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_cases_of_flannel_are_decided_alike()
    {
        JsonNode[] cases = [.. JsonNode.Parse(File.ReadAllText(Conformance.Require("flannel/cases.json")))!.AsArray().OfType<JsonNode>()];
        JsonNode select = cases.Single(c => (string?)c["kind"] == "ifaceSelect")["input"]!, check = cases.Single(c => (string?)c["kind"] == "backendCheck")["input"]!;
        KernelPicture picture = new(new Underlay([Named(2, "e0")], [Has(2, (string)select["hostAddrs"]![0]!, 24)]), [Via("0.0.0.0/0", "192.168.50.254", 2)]);
        Assert.Throws<UplinkException>(() => UplinkSelection.Choose(Wish(publicV4: (string)select["publicIP"]!), picture, V4));
        UplinkWishes named = Wish([(string)check["ifaceIP"]!], publicV4: (string)check["publicIP"]!);
        PlanInputs inputs = new(V4, UplinkSelection.Choose(named, picture, V4), picture, null);
        Assert.NotNull(new HostGatewayPlanner(new HostGatewayBackend()).Obstacle(inputs));
        Assert.Null(new HostGatewayPlanner(new HostGatewayBackend()).Obstacle(inputs with { Uplink = UplinkSelection.Choose(Wish(["e0"]), picture, V4) }));
    }
}
