using System.Text;
using Canal.Core.Flannel;
using CsCheck;

namespace Canal.Core.Tests.Flannel;

public sealed class KnownNetworkTests
{
    private const string Subnets = "/coreos.com/network/subnets/";

    private static HeldLease Lease(string key, string value, long created)
    {
        Assert.True(FlannelSubnet.TryParse(key, out FlannelSubnet subnet));
        return new HeldLease(Subnets + key, subnet, FlannelLease.Read(Encoding.UTF8.GetBytes(value)), created + 5, created, 7);
    }

    private static KnownNetwork Known(params HeldLease[] peers) =>
        new("{ \"Network\": \"10.5.0.0/16\",\n \"Backend\": {\"Type\":\"vxlan\"} }", FlannelSubnet.TryParse("10.5.1.0-24&fd05:0:0:1::-64", out FlannelSubnet own) ? own : default, [.. peers]);

    [Fact]
    public void What_was_written_is_read_leases_in_the_order_in_which_they_came_to_be()
    {
        KnownNetwork known = Known(
            Lease("10.5.9.0-24", """{"PublicIP":"192.0.2.9","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:09"}}""", 20),
            Lease("10.5.2.0-24&fd05:0:0:2::-64", """{"PublicIP":"192.0.2.2","PublicIPv6":"2001:db8::2"}""", 30),
            Lease("10.5.3.0-24", """{"PublicIP":"192.0.2.3"}""", 10));
        KnownNetwork read = KnownNetwork.Read(known.Write(), Subnets);
        Assert.Equal((known.Config, known.Own), (read.Config, read.Own));
        Assert.Equal(known.Peers.OrderBy(p => p.CreateRevision).Select(p => (p.Key, p.Subnet, p.Lease)), read.Peers.Select(p => (p.Key, p.Subnet, p.Lease)));
        Assert.Equal([1L, 2, 3], read.Peers.Select(p => p.CreateRevision));
        Assert.Equal(known.Write(), read.Write());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"config\":\"{}\"}")]
    [InlineData("{\"config\":\"{}\",\"subnet\":\"10.5.1.0-24\",\"leases\":{\"x\":{}}}")]
    [InlineData("{\"config\":\"{}\",\"subnet\":\"10.5.1.0-24\",\"leases\":{\"10.5.2.0-24\":7}}")]
    public void What_is_something_else_is_refused(string text) => Assert.Throws<FlannelFormatException>(() => KnownNetwork.Read(text, Subnets));

    [Fact]
    public void A_damaged_file_is_refused_or_read_and_no_more() => Gen.Int[0, 400].Select(Gen.Byte).Sample((place, value) =>
    {
        byte[] text = Encoding.UTF8.GetBytes(Known(Lease("10.5.2.0-24", """{"PublicIP":"192.0.2.2"}""", 1)).Write());
        text[place % text.Length] = value;
        Assert.True(Record.Exception(() => KnownNetwork.Read(Encoding.UTF8.GetString(text), Subnets)) is null or FlannelFormatException);
    });
}
