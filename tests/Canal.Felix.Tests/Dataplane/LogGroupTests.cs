using Canal.Felix.Configuration;
using Canal.Testing;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>Telling of what is denied must never keep policy out of the kernel.</summary>
public sealed class LogGroupTests
{
    private static readonly FelixParameters Telling = new() { DropGroup = 5 };

    [Fact]
    public void A_kernel_without_log_groups_gets_the_same_policy_without_telling()
    {
        FakeHost host = new(Telling, new FakeNftables { KnowsLogGroups = false });
        Assert.True(host.Put(SampleCluster.All));
        Assert.Equal(FakeHost.DumpOf(SampleCluster.All), host.Dump);
        Assert.Empty(host.Dataplane.Closed);
        Assert.True(host.Put(SampleCluster.WebOnOtherPort));
    }

    [Fact]
    public void A_kernel_with_them_is_told_to_tell()
    {
        FakeHost host = new(Telling, new FakeNftables());
        host.Put(SampleCluster.All);
        Assert.NotEqual(FakeHost.DumpOf(SampleCluster.All), host.Dump);
    }
}
