using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
using Canal.Testing;

namespace Canal.Felix.Tests.Dataplane;

public sealed class TableRemovalTests
{
    [Fact]
    public void What_hangs_on_hooks_goes_before_the_maps_are_emptied()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        Dictionary<string, int> whole = ElementsOf(host.Kernel.Read(KernelNames.Table)!);
        List<NftTable?> seen = [];
        host.Kernel.Committed += _ => seen.Add(host.Kernel.Read(KernelNames.Table));
        Assert.True(TableRemoval.Run(host.Kernel, KernelNames.Table));
        Assert.Equal(2, seen.Count);
        Assert.DoesNotContain(seen[0]!.Chains.Values, chain => chain.Base is not null);
        Assert.NotEmpty(seen[0]!.Chains);
        Assert.Equal(whole, ElementsOf(seen[0]!));
        Assert.Null(seen[1]);
    }

    [Fact]
    public void A_table_that_only_stands_in_is_in_force_and_goes_too()
    {
        FakeNftables kernel = new();
        NftTransaction left = new(KernelNames.StandIn);
        left.AddTable();
        kernel.CommitByOther(left);
        NftablesFilter filter = new(kernel, TimeProvider.System);
        Assert.True(filter.IsInForce());
        filter.Remove();
        Assert.False(filter.IsInForce());
    }

    [Fact]
    public void A_table_that_is_not_there_is_no_commit()
    {
        FakeHost host = new();
        Assert.False(TableRemoval.Run(host.Kernel, KernelNames.Table));
        Assert.Equal(0, host.Kernel.Commits);
    }

    private static Dictionary<string, int> ElementsOf(NftTable table) => table.Sets.ToDictionary(s => s.Key, s => s.Value.Elements!.Count);
}
