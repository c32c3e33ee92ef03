using Canal.Felix.Configuration;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

public sealed class StaticChainsTests
{
    /// <summary>Its word is drop, whatever denied packets get.</summary>
    [Theory]
    [InlineData(DenyAction.Drop)]
    [InlineData(DenyAction.Reject)]
    public void The_action_Drop_towards_the_host_gives_no_answer(DenyAction deny)
    {
        FakeHost host = new(new FelixParameters { Deny = deny });
        host.Put(Workload("w0", "10.0.0.1/32"));
        string chain = host.Dump[host.Dump.IndexOf("chain input-action", StringComparison.Ordinal)..];
        chain = chain[..chain.IndexOf('}', StringComparison.Ordinal)];
        Assert.Contains("drop", chain, StringComparison.Ordinal);
        Assert.DoesNotContain("reject", chain, StringComparison.Ordinal);
        Assert.Equal(deny == DenyAction.Reject, host.Dump.Contains("reject", StringComparison.Ordinal));
    }
}
