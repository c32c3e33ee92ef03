using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Tests.Dataplane;
using Canal.Linux.Nftables;
using Canal.Testing;

namespace Canal.Felix.Tests.LastKnownGood;

public sealed class KeptTableTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("canal-tests-").FullName;

    private string FilePath => Path.Combine(folder, "last-known-good");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_table_is_in_force_again_from_its_file_and_the_agent_that_starts_finds_nothing_to_write()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        KeptTable.Write(FilePath, host.Dataplane.Whole()!.Value.Span);

        FakeNftables rebooted = new();
        Assert.Null(new NftablesFilter(rebooted, TimeProvider.System).Load(KeptTable.Read(FilePath, out _)!.Value));
        FakeHost after = new(kernel: rebooted);
        Assert.Equal(host.Dump, after.Dump);
        Assert.False(after.Put(SampleCluster.All));
    }

    [Fact]
    public void A_table_in_doubt_is_not_written_down()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        host.Dataplane.Doubt();
        Assert.Null(host.Dataplane.Whole());
    }

    [Fact]
    public void Writing_the_table_down_changes_nothing_of_what_is_sent_next()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        host.Dataplane.Whole();
        Assert.False(host.Dataplane.Apply());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(-1)]
    public void A_file_spoiled_anywhere_is_told_and_not_loaded(int at)
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        KeptTable.Write(FilePath, host.Dataplane.Whole()!.Value.Span);
        byte[] content = File.ReadAllBytes(FilePath);
        content[at < 0 ? ^1 : at] ^= 1;
        File.WriteAllBytes(FilePath, content);
        Assert.Null(KeptTable.Read(FilePath, out string? wrong));
        Assert.Contains("is damaged", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told()
    {
        Assert.Null(KeptTable.Read(FilePath, out string? wrong));
        Assert.Contains("not there yet", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_readable_by_its_owner_alone()
    {
        KeptTable.Write(FilePath, new NftTransaction(KernelNames.Table).Keep().Span);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }
}
