using Canal.Core.IpSets;
using Canal.Core.Labels;

namespace Canal.Core.Tests.IpSets;

public sealed class IpSetSpecTests
{
    private static readonly Selector Selector = Selector.TryParse("a == 'b'", out Selector? parsed, out _) ? parsed : throw new FormatException();

    [Fact]
    public void A_set_of_addresses_has_the_identity_of_its_selector() => Assert.Equal(Selector.Id, IpSetSpec.Addresses(Selector).Id);

    [Theory]
    [InlineData((byte)6, "tcp")]
    [InlineData((byte)17, "udp")]
    [InlineData((byte)132, "sctp")]
    [InlineData(null, "any")]
    public void A_named_port_has_Calicos_identity(byte? protocol, string text)
    {
        IpSetSpec set = IpSetSpec.NamedPort(Selector, "http", protocol);
        Assert.Equal(ContentId.Of("n", $"{Selector.Id},{text},http"), set.Id);
        Assert.Equal(40, set.Id.Length);
    }

    [Fact]
    public void Sets_are_equal_by_what_they_are_made_from()
    {
        IpSetSpec set = IpSetSpec.NamedPort(Selector, "http", 6);
        Assert.Equal(set, IpSetSpec.NamedPort(Selector, "http", 6));
        Assert.Equal(set.GetHashCode(), IpSetSpec.NamedPort(Selector, "http", 6).GetHashCode());
        Assert.All(
            [IpSetSpec.NamedPort(Selector, "http", 17), IpSetSpec.NamedPort(Selector, "http", null), IpSetSpec.NamedPort(Selector, "https", 6), IpSetSpec.NamedPort(Selector.All, "http", 6), IpSetSpec.Addresses(Selector)],
            other => Assert.NotEqual(set, other));
    }

    [Fact]
    public void A_description_is_for_people() => Assert.Equal("port http/tcp of a == \"b\"", IpSetSpec.NamedPort(Selector, "http", 6).Description);
}
