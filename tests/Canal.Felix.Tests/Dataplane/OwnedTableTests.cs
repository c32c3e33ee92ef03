using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
using Canal.Testing;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>nftables_table_owned: the table is made so, taken over from an agent that ended, and done without where the kernel cannot.</summary>
public sealed class OwnedTableTests
{
    private const NftTableFlags Owned = NftTableFlags.Owner | NftTableFlags.Persist;

    private static readonly FelixParameters Owning = new() { OwnsTable = true };

    [Fact]
    public void The_table_is_made_with_an_owner_and_outlives_it()
    {
        FakeHost host = new(Owning);
        host.Put(SampleCluster.All);
        Assert.Equal(Owned, FlagsOf(host.Kernel));
        Assert.False(host.Put());
    }

    [Fact]
    public void A_restart_takes_the_table_over_and_writes_nothing_else()
    {
        FakeHost first = new(Owning);
        first.Put(SampleCluster.All);
        first.Kernel.CloseOwner(KernelNames.Table);
        FakeHost second = new(Owning, first.Kernel);
        int before = first.Kernel.Messages;
        second.Put(SampleCluster.All);
        Assert.Equal(Owned, FlagsOf(first.Kernel));
        Assert.Equal(1, first.Kernel.Messages - before);
    }

    [Fact]
    public void A_table_without_an_owner_is_made_anew()
    {
        FakeHost first = new();
        first.Put(SampleCluster.All);
        FakeHost second = new(Owning, first.Kernel);
        second.Put(SampleCluster.All);
        Assert.Equal(Owned, FlagsOf(first.Kernel));
        Assert.Equal(FakeHost.DumpOf(SampleCluster.All, Owning), second.Dump);
    }

    [Fact]
    public void Without_the_setting_a_table_that_had_an_owner_is_left_so()
    {
        FakeHost first = new(Owning);
        first.Put(SampleCluster.All);
        first.Kernel.CloseOwner(KernelNames.Table);
        FakeHost second = new(kernel: first.Kernel);
        Assert.False(second.Put(SampleCluster.All));
        Assert.True(second.Forget(SampleCluster.Web).Dataplane.Apply());
        Assert.Equal(NftTableFlags.Persist, FlagsOf(first.Kernel));
    }

    [Fact]
    public void An_older_kernel_gets_a_table_without_an_owner()
    {
        FakeHost host = new(Owning, new FakeNftables { KnowsPersist = false });
        host.Put(SampleCluster.All);
        Assert.Equal(FakeHost.DumpOf(SampleCluster.All), host.Dump);
        Assert.False(host.Put());
    }

    private static NftTableFlags? FlagsOf(FakeNftables kernel) => kernel.ReadFlags(KernelNames.Table);
}
