using System.Text;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class NodeStoreTests
{
    private const string Key = $"{ResourceKey.Root}nodes/h";

    [Theory]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"spec":{"x":1}}""", """{"kind":"Node","metadata":{"name":"h"},"spec":{"x":1}}""")]
    [InlineData("""{"kind":"Node","metadata":{"name":"h"},"status":{"wireguardPublicKeyV6":"old","podCIDRs":["10.0.0.0/24"]}}""", """{"kind":"Node","metadata":{"name":"h"},"status":{"podCIDRs":["10.0.0.0/24"]}}""")]
    public async Task A_hosts_key_replaces_whatever_is_there_and_what_else_there_is_stays(string node, string without)
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdStore store = await WithNodeAsync(channel, node);
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

    private static async Task<EtcdStore> WithNodeAsync(EtcdChannel channel, string node)
    {
        EtcdStore store = new(channel);
        await store.PutAsync(Key, node);
        return store;
    }
}
