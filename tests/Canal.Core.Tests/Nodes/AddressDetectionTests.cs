using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Nodes;

public sealed class AddressDetectionTests
{
    private static readonly DetectedInterface[] Interfaces =
    [
        new("lo", true, true, [Address("127.0.0.1/8"), Address("192.0.2.99/32"), Address("::1/128")]),
        new("docker0", true, false, [Address("172.17.0.1/16")]),
        new("eth9", false, false, [Address("10.9.0.1/24")]),
        new("eth0", true, false, [Address("169.254.3.4/16"), Address("10.1.0.5/24"), Address("fe80::1/64"), Address("fd00:1::5/64")]),
        new("eth1", true, false, [Address("10.2.0.5/16"), Address("fd00:2::5/64")]),
        new("vxlan.calico", true, false, [Address("10.65.0.0/32")]),
    ];

    private static InterfaceAddress Address(string text) => InterfaceAddress.TryParse(text, out InterfaceAddress address) ? address : throw new FormatException(text);

    [Theory]
    [InlineData("first-found", "10.1.0.5/24", "fd00:1::5/64")]
    [InlineData("interface=eth1", "10.2.0.5/16", "fd00:2::5/64")]
    [InlineData("interface=en.*,eth[1-9]", "10.2.0.5/16", "fd00:2::5/64")]
    [InlineData("interface=docker0", "172.17.0.1/16", null)]
    [InlineData("interface=th0", null, null)]
    [InlineData("skip-interface=eth0", "10.2.0.5/16", "fd00:2::5/64")]
    [InlineData("cidr=10.2.0.0/16,fd00:2::/32", "10.2.0.5/16", "fd00:2::5/64")]
    [InlineData("cidr=192.0.2.0/24", null, null)]
    [InlineData("none", null, null)]
    public void It_finds_what_the_method_says(string method, string? ipv4, string? ipv6)
    {
        Assert.True(AddressDetection.TryParse(method, out AddressDetection? detection, out _));
        Assert.Equal(ipv4, detection.Choose(Interfaces, IpFamily.V4)?.ToString());
        Assert.Equal(ipv6, detection.Choose(Interfaces, IpFamily.V6)?.ToString());
    }

    [Fact]
    public void Can_reach_takes_the_address_that_the_kernel_would_send_from()
    {
        Assert.True(AddressDetection.TryParse("can-reach=10.2.9.9", out AddressDetection? detection, out _));
        Assert.Equal(IpAddress.Parse("10.2.9.9"), detection.Destination);
        Assert.Equal("10.2.0.5/16", detection.Choose(Interfaces, IpFamily.V4, IpAddress.Parse("10.2.0.5"))?.ToString());
        Assert.Null(detection.Choose(Interfaces, IpFamily.V4));
    }

    [Theory]
    [InlineData("")]
    [InlineData("first")]
    [InlineData("first-found=x")]
    [InlineData("none=x")]
    [InlineData("interface")]
    [InlineData("interface=")]
    [InlineData("interface=[")]
    [InlineData("cidr=10.0.0.0/8,x")]
    [InlineData("can-reach=example.org")]
    [InlineData("kubernetes-internal-ip")]
    public void What_is_no_method_is_refused(string text)
    {
        Assert.False(AddressDetection.TryParse(text, out _, out string problem));
        Assert.NotEqual("", problem);
    }

    [Fact]
    public void A_node_is_completed_and_what_it_has_stays()
    {
        NodeDraft draft = NodeDraft.Of("""{"kind":"Node","metadata":{"name":"h1"},"spec":{"bgp":{"ipv4Address":"192.0.2.1/24","asNumber":64512},"unknown":{"a":1}}}"""u8, out _)!;
        draft.SetHostAddress(Address("10.1.0.5/24"));
        Assert.False(draft.IsChanged);
        draft.SetHostAddress(Address("fd00:1::5/64"));
        draft.SetTunnelAddress(TunnelAddress.Vxlan, IpAddress.Parse("10.65.0.1"));
        draft.SetTunnelAddress(TunnelAddress.Vxlan, IpAddress.Parse("10.65.0.2"));
        draft.SetTunnelAddress(TunnelAddress.Ipip, IpAddress.Parse("10.65.0.3"));
        draft.SetTunnelAddress(TunnelAddress.WireGuard, IpAddress.Parse("10.65.0.4"));
        Assert.True(draft.IsChanged);
        Assert.Equal("10.65.0.1", draft.TunnelAddressOf(TunnelAddress.Vxlan));
        Assert.Equal("""{"kind":"Node","metadata":{"name":"h1"},"spec":{"bgp":{"ipv4Address":"192.0.2.1/24","asNumber":64512,"ipv6Address":"fd00:1::5/64","ipv4IPIPTunnelAddr":"10.65.0.3"},"unknown":{"a":1},"ipv4VXLANTunnelAddr":"10.65.0.1","wireguard":{"interfaceIPv4Address":"10.65.0.4"}}}""",
            System.Text.Encoding.UTF8.GetString(draft.ToStoredBytes()));
    }

    [Fact]
    public void A_node_that_is_no_object_is_refused() => Assert.Null(NodeDraft.Of("[]"u8, out _));
}
