using System.Text;
using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Linux.Tests.Nftables;

public class NftRuleTests
{
    private static readonly NftSet Hosts = new("hosts", NftKeyType.Ipv4);

    [Fact]
    public void Rules_are_equal_when_they_say_the_same()
    {
        NftRule one = new NftRuleBuilder().L4Proto(6).Dport([new(22, 22), new(80, 90)]).Counter().Accept().Build("ssh");
        NftRule same = new NftRuleBuilder().L4Proto(6).Dport([new(80, 90), new(22, 22)]).Counter().Accept().Build("ssh");
        Assert.Equal(one, same);
        Assert.Equal(one.Identity, same.Identity);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
    }

    [Fact]
    public void Every_difference_is_another_identity()
    {
        NftRuleBuilder rule = new();
        NftRule[] rules =
        [
            rule.L4Proto(6).Dport([new(22, 22), new(80, 90)]).Accept().Build("ssh"),
            rule.L4Proto(6).Dport([new(22, 22), new(80, 91)]).Accept().Build("ssh"),
            rule.L4Proto(6).Sport([new(22, 22), new(80, 90)]).Accept().Build("ssh"),
            rule.L4Proto(6).Dport([new(22, 22), new(80, 90)]).Drop().Build("ssh"),
            rule.L4Proto(6).Dport([new(22, 22), new(80, 90)]).Accept().Build("other"),
            rule.L4Proto(6).Dport([new(22, 22), new(80, 90)], NftOperator.NotEqual).Accept().Build("ssh"),
            rule.L4Proto(6).Dport([new(22, 22), new(80, 90)]).Counter().Accept().Build("ssh"),
        ];
        Assert.Equal(rules.Length, rules.Select(one => one.Identity).Distinct().Count());
        Assert.Equal(rules.Length, rules.Distinct().Count());
    }

    /// <summary>It is kept in kernels: another value of it means that an upgrade writes every rule anew.</summary>
    [Fact]
    public void The_identity_of_a_rule_stays_what_it_is()
    {
        Assert.Equal(2526393828530566900ul, new NftRuleBuilder().L4Proto([6, 17]).Counter().Accept().Build("constant").Identity);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("line\nbreak\t\"quoted\"\u0085", "line break 'quoted' ")]
    [InlineData(null, "")]
    public void Comments_are_made_fit_to_print(string? comment, string expected)
    {
        Assert.Equal(expected, new NftRuleBuilder().Accept().Build(comment).Comment);
    }

    [Fact]
    public void Long_comments_are_cut_between_characters()
    {
        Assert.Equal(new string('é', 63), new NftRuleBuilder().Accept().Build(new string('é', 200)).Comment);
        string cut = new NftRuleBuilder().Accept().Build(new string('a', 126) + "\U0001F600").Comment;
        Assert.Equal(126, Encoding.UTF8.GetByteCount(cut));
    }

    [Fact]
    public void Matches_without_what_they_depend_on_are_refused()
    {
        NftRuleBuilder rule = new();
        Assert.Throws<InvalidOperationException>(() => rule.Saddr(Cidr.Parse("10.0.0.0/8")));
        Assert.Throws<InvalidOperationException>(() => rule.NfProto(IpFamily.V6).Saddr(Hosts));
        Assert.Throws<InvalidOperationException>(() => rule.Dport(new PortRange(1, 1)));
        Assert.Throws<InvalidOperationException>(() => rule.L4Proto(6, NftOperator.NotEqual).Dport(new PortRange(1, 1)));
        Assert.Throws<InvalidOperationException>(() => rule.IcmpType(IpFamily.V4, 8));
        Assert.Throws<InvalidOperationException>(() => rule.Reject(NftReject.TcpReset));
        rule.Clear();
        Assert.Equal(new NftRuleBuilder().Accept().Build(), rule.Accept().Build());
    }

    [Fact]
    public void What_no_rule_can_be_is_refused()
    {
        NftRuleBuilder rule = new();
        Assert.Throws<ArgumentException>(() => rule.Iifname("longer-than-fifteen"));
        Assert.Throws<ArgumentException>(() => rule.Iifname(""));
        Assert.Throws<ArgumentException>(() => rule.L4Proto(6).Dport(new PortRange(2, 1)));
        Assert.Throws<ArgumentException>(() => rule.Jump(""));
        Assert.Throws<ArgumentException>(() => rule.IifnameVmap(Hosts));
        Assert.Throws<ArgumentException>(() => rule.NfProto(IpFamily.V4).SaddrProtocolDport(Hosts));
        rule.Clear();
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (int i = 0; i < 129; i++) rule.Notrack();
            rule.Build();
        });
    }
}
