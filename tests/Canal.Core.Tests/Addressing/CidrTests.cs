using Canal.Core.Addressing;

namespace Canal.Core.Tests.Addressing;

public sealed class CidrTests
{
    [Theory]
    [InlineData("::ffff:0:0/96", "0.0.0.0/0")]
    [InlineData("::ffff:10.1.2.3/120", "10.1.2.0/24")]
    [InlineData("::ffff:10.1.2.3/128", "10.1.2.3/32")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3/32")]
    [InlineData("::FFFF:0a01:0203/112", "10.1.0.0/16")]
    public void A_prefix_of_mapped_addresses_is_the_IPv4_prefix_that_they_stand_for(string text, string prefix) => Assert.Equal(prefix, Cidr.Parse(text).ToString());

    [Theory]
    [InlineData("::ffff:10.1.2.3/24", "::/24")]
    [InlineData("::ffff:10.1.2.3/32", "::/32")]
    [InlineData("::ffff:10.1.2.3/0", "::/0")]
    [InlineData("::ffff:0:0/95", "::fffe:0:0/95")]
    [InlineData("::fffe:10.1.2.3/120", "::fffe:a01:200/120")]
    public void A_prefix_that_reaches_beyond_them_is_IPv6(string text, string prefix)
    {
        Cidr cidr = Cidr.Parse(text);
        Assert.Equal((IpFamily.V6, prefix), (cidr.Family, cidr.ToString()));
    }

    [Theory]
    [InlineData("::ffff:10.1.2.3/129")]
    [InlineData("10.1.2.3/96")]
    [InlineData("10.1.2.3/33")]
    [InlineData("::ffff:10.1.2/120")]
    [InlineData("::1/")]
    public void What_is_no_prefix_is_refused(string text) => Assert.False(Cidr.TryParse(text, out _));

    [Theory]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:0:1", "0.0.0.1")]
    [InlineData("::10.1.2.3", "::10.1.2.3")]
    public void A_mapped_address_is_IPv4(string text, string address) => Assert.Equal(address, IpAddress.Parse(text).ToString());
}
