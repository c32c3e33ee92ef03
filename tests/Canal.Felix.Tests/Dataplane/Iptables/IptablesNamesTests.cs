using Canal.Felix.Dataplane.Iptables;

namespace Canal.Felix.Tests.Dataplane.Iptables;

public sealed class IptablesNamesTests
{
    [Theory]
    [InlineData("forward-from", "canal-forward-from")]
    [InlineData("policy-in/gnp/web", "canal-policy-in/gnp/web")]
    [InlineData("to/cali0123456789a", "canal-to/cali0123456789a")]
    public void A_name_that_fits_is_told_as_it_is(string name, string expected) => Assert.Equal(expected, IptablesNames.Chain(name));

    [Theory]
    [InlineData("policy-out/np/production/database")]
    [InlineData("policy-in/gnp/a~b")]
    [InlineData("to/cali\"x")]
    [InlineData("policy-in//0123456789012345678901234567890")]
    public void Any_other_is_shortened_and_stays_its_own(string name)
    {
        string chain = IptablesNames.Chain(name), set = IptablesNames.Set(name);
        Assert.True(chain.Length <= 28 && set.Length <= 31);
        Assert.Matches("^canal-[A-Za-z0-9/._-]+~[A-Za-z0-9_-]{12}$", chain);
        Assert.NotEqual(chain, IptablesNames.Chain(name + "x"));
        Assert.NotEqual(set, IptablesNames.Set(name + "x"));
    }

    [Fact]
    public void A_rule_is_known_again_in_what_iptables_prints()
    {
        IptablesRule rule = new(" -p 6", " -j DROP", "it's \\ \"odd\"");
        Assert.Equal(rule.Identity, IptablesRule.IdentityIn($"-A canal-x{rule}"));
        Assert.Equal("it's \\ \"odd\"", IptablesRule.CommentIn($"-A canal-x{rule}"));
        IptablesRule silent = new("", " -j DROP");
        Assert.Equal(silent.Identity, IptablesRule.IdentityIn($"-A canal-x -m comment --comment canal:{silent.Identity} -j DROP"));
        Assert.Null(IptablesRule.IdentityIn("-A canal-x -j DROP"));
    }
}
