using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Nodes;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

/// <summary>The address that a Node has for a tunnel follows the pools.</summary>
public sealed class TunnelAddressTests : IAsyncLifetime
{
    private const string Key = $"{ResourceKey.Root}nodes/h";
    private const string Empty = """{"kind":"Node","metadata":{"name":"h"},"spec":{}}""";
    private static readonly string Handle = TunnelAddress.Vxlan.Handle("h");

    private EtcdProcess etcd = null!;
    private EtcdChannel channel = null!;
    private EtcdStore store = null!;
    private IpamStore ipam = null!;
    private NodeStore nodes = null!;

    public async ValueTask InitializeAsync()
    {
        etcd = await EtcdProcess.StartAsync();
        channel = Etcd.Channel(etcd.Endpoint);
        store = new EtcdStore(channel);
        ipam = new IpamStore(store, TimeProvider.System, new Random(1));
        nodes = new NodeStore(store, TimeProvider.System);
        await ReadyAsync(true);
        await PoolAsync("p4", "10.64.0.0/24");
        await store.PutAsync(Key, Empty);
    }

    public async ValueTask DisposeAsync()
    {
        ipam.Dispose();
        await channel.DisposeAsync();
        await etcd.DisposeAsync();
    }

    [Theory]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"10.64.0.1/32"}}""")]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"nonsense"}}""")]
    public async Task Where_it_has_no_place_none_is_assigned(string node)
    {
        await store.PutAsync(Key, node);
        IpamException refusal = await Assert.ThrowsAsync<IpamException>(() => FitAsync());
        Assert.Contains("spec.ipv4VXLANTunnelAddr", refusal.Message, StringComparison.Ordinal);
        Assert.Empty((await store.SnapshotAsync([KeyRange.Prefix("/calico/ipam/")], Etcd.Stop)).Entries);
        Assert.Null(await FitAsync(TunnelDemand.Kept));
        Assert.Null(await FitAsync(TunnelDemand.Unwanted));
        Assert.Equal(node, await TextAsync());
    }

    [Fact]
    public async Task It_is_assigned_once_and_stays()
    {
        Assert.Null(await FitAsync(TunnelDemand.Kept));
        Assert.Equal((null, true), await FitAsync() is { } change ? (change.Before, change.Now is not null) : default);
        string written = await TextAsync();
        foreach (TunnelDemand demand in (TunnelDemand[])[TunnelDemand.Wanted, TunnelDemand.Kept]) Assert.Null(await FitAsync(demand));
        Assert.Equal(written, await TextAsync());
        Assert.Single(await ipam.HeldAsync(Handle, Etcd.Stop));
        Assert.Empty(await StraysAsync());
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("disabled")]
    [InlineData("mode")]
    [InlineData("uses")]
    [InlineData("selector")]
    public async Task Where_its_pool_gives_none_any_more_one_of_another_pool_takes_its_place_and_the_old_one_is_given_back_after_it(string how)
    {
        IpAddress old = (await FitAsync())!.Now!.Value;
        if (how == "gone") await store.CommitAsync(new EtcdTransaction().Delete($"{ResourceKey.Root}ippools/p4"), Etcd.Stop);
        else await PoolAsync("p4", "10.64.0.0/24", how switch
        {
            "disabled" => """ "disabled":true,"vxlanMode":"Always" """,
            "mode" => """ "ipipMode":"Always" """,
            "uses" => """ "allowedUses":["Workload"],"vxlanMode":"Always" """,
            _ => """ "nodeSelector":"rack == 'z'","vxlanMode":"Always" """,
        });
        await PoolAsync("p5", "10.65.0.0/24");
        TunnelChange change = (await FitAsync())!;
        Assert.Equal(old, change.Before);
        Assert.True(Cidr.Parse("10.65.0.0/24").Contains(change.Now!.Value));
        Assert.Equal(change.Now.ToString(), await AddressAsync());
        // Nobody else can be given the old one while the device and other hosts may still have it.
        Assert.Equal(Handle, await ipam.HolderAsync(old, Etcd.Stop));
        IReadOnlyList<ReleaseTarget> strays = await StraysAsync();
        Assert.Equal([old], strays.Select(stray => stray.Address));
        await ipam.ReleaseAsync(strays, Etcd.Stop);
        Assert.Equal([change.Now.Value], await ipam.HeldAsync(Handle, Etcd.Stop));
        Assert.Null(await FitAsync());
    }

    [Fact]
    public async Task A_disabled_pool_without_another_keeps_it_because_its_workloads_still_use_the_tunnel()
    {
        await FitAsync();
        await PoolAsync("p4", "10.64.0.0/24", """ "disabled":true,"vxlanMode":"Always" """);
        string written = await TextAsync();
        Assert.Null(await FitAsync());
        Assert.Equal(written, await TextAsync());
        // Out of all pools it is of little use, and nothing can be done about it but by the operator.
        await store.CommitAsync(new EtcdTransaction().Delete($"{ResourceKey.Root}ippools/p4"), Etcd.Stop);
        await PoolAsync("p6", "10.66.0.0/24", """ "disabled":true,"vxlanMode":"Always" """);
        Assert.Contains("is in no pool, and no enabled pool gives it another", (await Assert.ThrowsAsync<IpamException>(() => FitAsync())).Message, StringComparison.Ordinal);
        Assert.Equal(written, await TextAsync());
    }

    [Theory]
    [InlineData(TunnelDemand.Wanted)]
    [InlineData(TunnelDemand.Kept)]
    public async Task Where_no_pool_has_the_tunnel_it_goes_and_is_given_back(TunnelDemand demand)
    {
        IpAddress old = (await FitAsync())!.Now!.Value;
        await PoolAsync("p4", "10.64.0.0/24", """ "ipipMode":"Always" """);
        Assert.Equal(new TunnelChange(TunnelAddress.Vxlan, old, null), await FitAsync(demand));
        Assert.Equal(Empty, await TextAsync());
        Assert.Equal([old], (await StraysAsync()).Select(stray => stray.Address));
    }

    [Fact]
    public async Task What_is_not_wanted_goes_whatever_pools_there_are_and_takes_what_it_leaves_empty_with_it()
    {
        await store.PutAsync(Key, """{"kind":"Node","metadata":{"name":"h"},"spec":{"wireguard":{"interfaceIPv4Address":"10.64.0.9"}}}""");
        Assert.NotNull(await nodes.FitTunnelAddressAsync("h", TunnelAddress.WireGuard, TunnelDemand.Unwanted, ipam, Etcd.Stop));
        Assert.Equal(Empty, await TextAsync());
        await store.PutAsync(Key, """{"kind":"Node","metadata":{"name":"h"},"spec":{"bgp":{"ipv4Address":"192.0.2.1/24","ipv4IPIPTunnelAddr":"10.64.0.9"}}}""");
        Assert.NotNull(await nodes.FitTunnelAddressAsync("h", TunnelAddress.Ipip, TunnelDemand.Kept, ipam, Etcd.Stop));
        Assert.Equal("""{"kind":"Node","metadata":{"name":"h"},"spec":{"bgp":{"ipv4Address":"192.0.2.1/24"}}}""", await TextAsync());
    }

    [Fact]
    public async Task From_half_a_picture_nothing_is_taken_away()
    {
        await FitAsync();
        string written = await TextAsync();
        await store.PutAsync($"{ResourceKey.Root}ippools/p4", "{");
        Assert.Contains("IPPool p4 cannot", (await Assert.ThrowsAsync<IpamException>(() => FitAsync())).Message, StringComparison.Ordinal);
        await store.CommitAsync(new EtcdTransaction().Delete($"{ResourceKey.Root}ippools/p4"), Etcd.Stop);
        await ReadyAsync(false);
        Assert.Contains("not ready", (await Assert.ThrowsAsync<IpamException>(() => FitAsync())).Message, StringComparison.Ordinal);
        Assert.Equal(written, await TextAsync());
        await store.PutAsync(Key, """{"kind":"Node","metadata":{"name":"h"},"spec":{"bgp":"nonsense"}}""");
        Assert.Contains("nodes/h: cannot be read", (await Assert.ThrowsAsync<IpamException>(() => FitAsync())).Message, StringComparison.Ordinal);
        await store.CommitAsync(new EtcdTransaction().Delete(Key), Etcd.Stop);
        Assert.Null(await FitAsync());
        Assert.Empty(await StraysAsync());
        Assert.Single(await ipam.HeldAsync(Handle, Etcd.Stop));
    }

    [Fact]
    public async Task One_that_nobody_has_in_address_management_becomes_the_hosts()
    {
        await store.PutAsync(Key, """{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"10.64.0.9"}}""");
        Assert.Null(await FitAsync());
        Assert.Equal("10.64.0.9", await AddressAsync());
        Assert.Equal("10.64.0.9", Assert.Single(await ipam.HeldAsync(Handle, Etcd.Stop)).ToString());
    }

    [Theory]
    [InlineData("net.pod", "h", "", false)]
    [InlineData("vxlan-tunnel-addr-other", "other", "vxlanTunnelAddress", false)]
    [InlineData("vxlan-tunnel-addr-h", "", "", true)]
    [InlineData("of-an-allocator", "h", "vxlanTunnelAddress", true)]
    [InlineData(null, "", "", true)]
    public async Task One_that_is_somebody_elses_is_left_to_him_and_another_is_assigned(string? handle, string owner, string type, bool isOwn)
    {
        IpAddress address = IpAddress.Parse("10.64.0.9");
        List<KeyValuePair<string, string>> attributes = [];
        if (owner.Length > 0) attributes.Add(new("node", owner));
        if (type.Length > 0) attributes.Add(new("type", type));
        await ipam.AssignAsync(new SpecificRequest { Owner = BlockOwner.Host("other"), Address = address, HandleId = handle, Attributes = LabelMap.Create(attributes), Now = ipam.Now }, Etcd.Stop);
        await store.PutAsync(Key, """{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"10.64.0.9"}}""");
        TunnelChange? change = await FitAsync();
        Assert.Equal(isOwn, change is null);
        Assert.Equal(isOwn, await AddressAsync() == "10.64.0.9");
        Assert.NotNull(await ipam.AssignmentAsync(address, Etcd.Stop));
        Assert.Equal(handle, await ipam.HolderAsync(address, Etcd.Stop));
        Assert.Empty(await StraysAsync());
    }

    [Fact]
    public async Task What_an_earlier_start_assigned_in_a_right_pool_is_used_first()
    {
        IpAddress old = (await FitAsync())!.Now!.Value;
        await store.PutAsync(Key, Empty);
        Assert.Equal(old, (await FitAsync())!.Now);
        await store.PutAsync(Key, Empty);
        await PoolAsync("p4", "10.64.0.0/24", """ "disabled":true,"vxlanMode":"Always" """);
        await PoolAsync("p5", "10.65.0.0/24");
        Assert.NotEqual(old, (await FitAsync())!.Now);
        Assert.Equal([old], (await StraysAsync()).Select(stray => stray.Address));
    }

    private Task<TunnelChange?> FitAsync(TunnelDemand demand = TunnelDemand.Wanted) => nodes.FitTunnelAddressAsync("h", TunnelAddress.Vxlan, demand, ipam, Etcd.Stop);

    private Task<IReadOnlyList<ReleaseTarget>> StraysAsync() => nodes.StrayTunnelAddressesAsync("h", TunnelAddress.Vxlan, ipam, Etcd.Stop);

    private async Task<string> TextAsync() => Encoding.UTF8.GetString((await store.GetAsync(Key, Etcd.Stop)).Entry!.Value.Value.Span);

    private async Task<string?> AddressAsync() => JsonNode.Parse(await TextAsync())!["spec"]!["ipv4VXLANTunnelAddr"]?.GetValue<string>();

    private Task PoolAsync(string name, string cidr, string rest = """ "vxlanMode":"Always" """) =>
        store.PutAsync($"{ResourceKey.Root}ippools/{name}", $$$"""{"kind":"IPPool","metadata":{"name":"{{{name}}}"},"spec":{"cidr":"{{{cidr}}}",{{{rest}}}}}""");

    private Task ReadyAsync(bool isReady) => store.PutAsync(
        $"{ResourceKey.Root}clusterinformations/default", $$$"""{"kind":"ClusterInformation","metadata":{"name":"default"},"spec":{"datastoreReady":{{{(isReady ? "true" : "false")}}}}}""");
}
