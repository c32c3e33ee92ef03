using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Configuration;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Tests.Loop;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Felix.Tests.LastKnownGood;

public sealed class TableKeeperTests : IDisposable
{
    private readonly LoopHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void The_table_in_force_is_written_down_a_moment_after_it_changed_and_puts_itself_back_after_a_boot()
    {
        host.Start(SampleObjects.All);
        Assert.False(File.Exists(host.KeptFile));
        host.Wait(1);
        Assert.True(File.Exists(host.KeptFile));

        FakeNftables booted = new();
        Assert.Contains("is in force again", KeptTableRestore.Run(new NftablesFilter(booted, TimeProvider.System), host.KeptFile, MissingDatastore.Snapshot, new FelixParameters()), StringComparison.Ordinal);
        Assert.Equal(host.Nftables.Dump(KernelNames.Table), booted.Dump(KernelNames.Table));
    }

    [Fact]
    public void A_burst_of_changes_is_written_down_once_and_the_last_of_them_in_the_end()
    {
        host.Start(SampleObjects.All).Wait(1);
        File.Delete(host.KeptFile);
        for (int i = 0; i < 8; i++) host.Put(SampleObjects.Policy.In(Rule.Allow.Src($"name == 'x{i}'"))).Wait(1);
        Assert.False(File.Exists(host.KeptFile));
        host.Wait(10);
        FakeNftables booted = new();
        KeptTableRestore.Run(new NftablesFilter(booted, TimeProvider.System), host.KeptFile, MissingDatastore.Snapshot, new FelixParameters());
        Assert.Equal(host.Nftables.Dump(KernelNames.Table), booted.Dump(KernelNames.Table));
    }

    [Fact]
    public void While_changes_do_not_end_the_table_is_written_down_after_half_a_minute()
    {
        host.Start(SampleObjects.All).Wait(11);
        File.Delete(host.KeptFile);
        for (int i = 0; i < 58; i++)
        {
            ChangeWithinASecond(i);
            Assert.False(File.Exists(host.KeptFile), $"written after change {i}");
        }
        for (int i = 58; i < 64; i++) ChangeWithinASecond(i);
        Assert.True(File.Exists(host.KeptFile));
    }

    private void ChangeWithinASecond(int number)
    {
        host.Put(SampleObjects.Policy.In(Rule.Allow.Src($"name == 'x{number}'")));
        host.Time.Advance(TimeSpan.FromSeconds(0.5));
        host.Step();
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_once_and_written_when_it_can_be()
    {
        Directory.CreateDirectory(host.KeptFile);
        host.Start(SampleObjects.All).Wait(30);
        Assert.Equal(1, host.Log.Count("keeping the policy in force for the next boot failed"));
        Assert.True(host.Loop.IsReady);

        Directory.Delete(host.KeptFile);
        host.Wait(12);
        Assert.True(File.Exists(host.KeptFile));
    }

    [Fact]
    public void What_changed_in_the_last_moment_is_written_down_when_the_agent_ends_unless_the_picture_is_not_whole()
    {
        host.Start(SampleObjects.All);
        host.Agent.Keeper.Finish(now: false);
        Assert.False(File.Exists(host.KeptFile));
        host.Agent.Keeper.Finish(now: true);
        FakeNftables booted = new();
        KeptTableRestore.Run(new NftablesFilter(booted, TimeProvider.System), host.KeptFile, MissingDatastore.Snapshot, new FelixParameters());
        Assert.Equal(host.Nftables.Dump(KernelNames.Table), booted.Dump(KernelNames.Table));
    }

    [Fact]
    public void A_table_that_is_there_is_left_alone()
    {
        host.Start(SampleObjects.All).Wait(1);
        int commits = host.Nftables.Commits;
        Assert.Null(KeptTableRestore.Run(new NftablesFilter(host.Nftables, TimeProvider.System), host.KeptFile, MissingDatastore.Snapshot, new FelixParameters()));
        Assert.Equal(commits, host.Nftables.Commits);
    }

    [Fact]
    public void With_open_nothing_is_enforced_before_etcd_answers()
    {
        host.Start(SampleObjects.All).Wait(1);
        FakeNftables booted = new();
        Assert.Contains("on_missing_datastore is open", KeptTableRestore.Run(new NftablesFilter(booted, TimeProvider.System), host.KeptFile, MissingDatastore.Open, new FelixParameters()), StringComparison.Ordinal);
        Assert.Null(booted.ReadOutline(KernelNames.Table));
    }
}
