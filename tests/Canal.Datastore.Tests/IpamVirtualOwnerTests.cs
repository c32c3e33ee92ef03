using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

/// <summary>Blocks of an owner that is no host, as Calico has them for load balancers, in a real etcd.</summary>
public sealed class IpamVirtualOwnerTests : IAsyncLifetime
{
    private static readonly BlockOwner Virtual = new(BlockOwnerKind.Virtual, "load-balancer"), Namesake = BlockOwner.Host("load-balancer"), Host = BlockOwner.Host("h");

    private EtcdProcess etcd = null!;
    private EtcdChannel channel = null!;
    private EtcdStore store = null!;
    private IpamStore ipam = null!;

    public async ValueTask InitializeAsync()
    {
        etcd = await EtcdProcess.StartAsync();
        channel = Etcd.Channel(etcd.Endpoint);
        store = new EtcdStore(channel);
        ipam = new IpamStore(store, TimeProvider.System, new Random(1));
        await PutPoolAsync("four", "10.66.0.0/27", 28);
        await PutPoolAsync("six", "fd00:66::/120", 122);
    }

    public async ValueTask DisposeAsync()
    {
        ipam.Dispose();
        await channel.DisposeAsync();
        await etcd.DisposeAsync();
    }

    [Fact]
    public async Task Its_blocks_are_claimed_filled_and_given_back_under_its_own_keys()
    {
        Assignment first = await AssignAsync(Virtual, "lb-a", 2, 1), second = await AssignAsync(Virtual, "lb-b", 1, 0);
        Cidr block = first.Ipv4[0].Block;
        Assert.Equal((2, 1), (first.Ipv4.Count, first.Ipv6.Count));
        Assert.Equal(block, Assert.Single(second.Ipv4).Block);
        Assert.Equal(4, first.Ipv4.Concat(first.Ipv6).Concat(second.Ipv4).Select(a => a.Address).Distinct().Count());
        Assert.Equal(Virtual, (await BlockAsync(block))!.Affinity);
        Assert.Contains("\"affinity\":\"virtual:load-balancer\"", await TextAsync(IpamKey.Block(block).ToEtcdKey()), StringComparison.Ordinal);
        Assert.Contains("\"state\":\"confirmed\"", await TextAsync($"/calico/ipam/v2/virtual/load-balancer/ipv4/block/{block.Address}-28"), StringComparison.Ordinal);
        Assert.Contains("\"state\":\"confirmed\"", await TextAsync($"/calico/ipam/v2/virtual/load-balancer/ipv6/block/{first.Ipv6[0].Block.Address}-122"), StringComparison.Ordinal);

        foreach (string handle in (string[])["lb-a", "lb-b"]) await ipam.ReleaseAsync(handle, Etcd.Stop);
        // An empty block stays its owner's until the owner gives it up.
        Assert.Equal(Virtual, (await BlockAsync(block))!.Affinity);
        await ipam.ReleaseAsync(Virtual, Etcd.Stop);
        Assert.Empty((await store.SnapshotAsync([KeyRange.Prefix(IpamKey.Root)], Etcd.Stop)).Entries);
    }

    [Fact]
    public async Task A_host_of_the_same_name_has_other_blocks_and_neither_takes_the_empty_one_of_the_other()
    {
        Cidr its = Assert.Single((await AssignAsync(Virtual, "lb", 1, 0)).Ipv4).Block, hosts = Assert.Single((await AssignAsync(Namesake, "pod", 1, 0)).Ipv4).Block;
        Assert.NotEqual(its, hosts);
        await ipam.ReleaseAsync("lb", Etcd.Stop);
        await store.PutAsync(IpamKey.Config.ToEtcdKey(), """{"auto_allocate_blocks":true,"strict_affinity":true}""");
        Assignment none = await AssignAsync(Host, "other", 1, 0);
        Assert.Empty(none.Ipv4);
        Assert.Equal(ShortageKind.StrictAffinity, none.Ipv4Shortage!.Kind);
        Assert.Equal((Virtual, Namesake), ((await BlockAsync(its))!.Affinity, (await BlockAsync(hosts))!.Affinity));
    }

    [Fact]
    public async Task An_address_by_name_is_taken_from_a_block_that_becomes_its()
    {
        IpAddress wanted = IpAddress.Parse("10.66.0.21");
        SpecificOutcome outcome = await ipam.AssignAsync(new SpecificRequest { Owner = Virtual, Address = wanted, HandleId = "lb", Now = ipam.Now }, Etcd.Stop);
        Assert.Equal(SpecificResult.Assigned, outcome.Result);
        Assert.Equal(Virtual, (await BlockAsync(Cidr.Parse("10.66.0.16/28")))!.Affinity);
        Assert.Equal("lb", await ipam.HolderAsync(wanted, Etcd.Stop));
        outcome = await ipam.AssignAsync(new SpecificRequest { Owner = Host, Address = wanted, HandleId = "pod", Now = ipam.Now }, Etcd.Stop);
        Assert.Equal(SpecificResult.Taken, outcome.Result);
    }

    [Fact]
    public async Task A_pool_that_selects_nodes_is_none_for_who_is_on_no_node()
    {
        await PutPoolAsync("four", "10.66.0.0/27", 28, ""","nodeSelector":"has(rack)" """);
        Assert.Equal(ShortageKind.NoPool, (await AssignAsync(Virtual, "lb", 1, 0)).Ipv4Shortage!.Kind);
    }

    private Task<Assignment> AssignAsync(BlockOwner owner, string handle, int v4, int v6) =>
        ipam.AssignAsync(new AddressRequest { Owner = owner, HandleId = handle, Ipv4 = v4, Ipv6 = v6, Use = PoolUses.LoadBalancer, Now = ipam.Now }, [], Etcd.Stop);

    private Task PutPoolAsync(string name, string cidr, int blockSize, string more = "") => store.PutAsync($"{ResourceKey.Root}ippools/{name}",
        $$"""{"kind":"IPPool","metadata":{"name":"{{name}}"},"spec":{"cidr":"{{cidr}}","blockSize":{{blockSize}},"allowedUses":["LoadBalancer"]{{more}}} }""");

    private async Task<IpamBlock?> BlockAsync(Cidr cidr) => IpamCodec.DecodeBlock((await store.GetAsync(IpamKey.Block(cidr).ToEtcdKey(), Etcd.Stop)).Entry!.Value.Value.Span).Value;

    private async Task<string> TextAsync(string key) => Encoding.UTF8.GetString((await store.GetAsync(key, Etcd.Stop)).Entry!.Value.Value.Span);
}
