using System.Text;
using Canal.Core.Nodes;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class NodeStoreTests
{
    private const string Key = $"{ResourceKey.Root}nodes/h";

    [Theory]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"10.65.0.1/32"}}""")]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"ipv4VXLANTunnelAddr":"nonsense","bgp":"nonsense"}}""")]
    public async Task Where_a_tunnels_address_has_no_place_none_is_assigned(string node)
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdStore store = await WithPoolAsync(channel, node);
        using IpamStore ipam = new(store, TimeProvider.System, new Random(1));
        NodeStore nodes = new(store, TimeProvider.System);
        IpamException refusal = await Assert.ThrowsAsync<IpamException>(() => nodes.AddTunnelAddressAsync("h", TunnelAddress.Vxlan, ipam, Etcd.Stop));
        Assert.Contains("spec.ipv4VXLANTunnelAddr", refusal.Message, StringComparison.Ordinal);
        Assert.Empty((await store.SnapshotAsync([KeyRange.Prefix("/calico/ipam/")], Etcd.Stop)).Entries);
        Assert.Equal(node, Encoding.UTF8.GetString((await store.GetAsync(Key, Etcd.Stop)).Entry!.Value.Value.Span));
    }

    [Fact]
    public async Task A_tunnels_address_is_assigned_once_and_stays()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdStore store = await WithPoolAsync(channel, """{"kind":"Node","metadata":{"name":"h"},"spec":{}}""");
        using IpamStore ipam = new(store, TimeProvider.System, new Random(1));
        NodeStore nodes = new(store, TimeProvider.System);
        Assert.NotNull(await nodes.AddTunnelAddressAsync("h", TunnelAddress.Vxlan, ipam, Etcd.Stop));
        string written = Encoding.UTF8.GetString((await store.GetAsync(Key, Etcd.Stop)).Entry!.Value.Value.Span);
        Assert.Null(await nodes.AddTunnelAddressAsync("h", TunnelAddress.Vxlan, ipam, Etcd.Stop));
        Assert.Equal(written, Encoding.UTF8.GetString((await store.GetAsync(Key, Etcd.Stop)).Entry!.Value.Value.Span));
        Assert.Single(await ipam.HeldAsync(TunnelAddress.Vxlan.Handle("h"), Etcd.Stop));
    }

    [Theory]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"x":1}}""", """{"kind":"Node","metadata":{"name":"h"},"spec":{"x":1}}""")]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"status":{"wireguardPublicKeyV6":"old","podCIDRs":["10.0.0.0/24"]}}""", """{"kind":"Node","metadata":{"name":"h"},"status":{"podCIDRs":["10.0.0.0/24"]}}""")]
    public async Task A_hosts_key_replaces_whatever_is_there_and_what_else_there_is_stays(string node, string without)
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdStore store = await WithPoolAsync(channel, node);
        NodeStore nodes = new(store, TimeProvider.System);
        Assert.True(await nodes.PublishKeysAsync("h", "key", "", Etcd.Stop));
        Assert.Contains("\"wireguardPublicKey\":\"key\"", await ReadAsync(store), StringComparison.Ordinal);
        Assert.DoesNotContain("old", await ReadAsync(store), StringComparison.Ordinal);
        Assert.False(await nodes.PublishKeysAsync("h", "key", "", Etcd.Stop));
        Assert.True(await nodes.PublishKeysAsync("h", "", "", Etcd.Stop));
        Assert.Equal(without, await ReadAsync(store));
        Assert.False(await nodes.PublishKeysAsync("nobody", "key", "", Etcd.Stop));
        Assert.Null((await store.GetAsync($"{ResourceKey.Root}nodes/nobody", Etcd.Stop)).Entry);
    }

    private static async Task<string> ReadAsync(EtcdStore store) => Encoding.UTF8.GetString((await store.GetAsync(Key, Etcd.Stop)).Entry!.Value.Value.Span);

    private static async Task<EtcdStore> WithPoolAsync(EtcdChannel channel, string node)
    {
        EtcdStore store = new(channel);
        await store.PutAsync($"{ResourceKey.Root}ippools/a", """{"kind":"IPPool","metadata":{"name":"a"},"spec":{"cidr":"10.65.0.0/16","vxlanMode":"Always","allowedUses":["Workload","Tunnel"]}}""");
        await store.PutAsync(Key, node);
        return store;
    }
}
