using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class IpamRoundTripTests
{
    [Fact]
    public async Task Etcd_counts_the_round_trips_that_the_documentation_states()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdStore store = new(channel);
        using IpamStore ipam = new(store, TimeProvider.System, new Random(1));
        await store.PutAsync($"{ResourceKey.Root}ippools/a", """{"kind":"IPPool","metadata":{"name":"a"},"spec":{"cidr":"10.65.0.0/16"}}""");
        await store.PutAsync($"{ResourceKey.Root}ippools/b", """{"kind":"IPPool","metadata":{"name":"b"},"spec":{"cidr":"fd00::/48"}}""");
        AddressRequest request = new() { Owner = BlockOwner.Host("h"), HandleId = "a", Ipv4 = 1, Ipv6 = 1, Now = ipam.Now };
        Assignment first = await ipam.AssignAsync(request, [], Etcd.Stop);
        Cidr[] blocks = [first.Ipv4[0].Block, first.Ipv6[0].Block];

        Assert.Equal(3, await CountAsync(etcd, () => ipam.AssignAsync(request with { HandleId = "b" }, [], Etcd.Stop)));
        Assert.Equal(2, await CountAsync(etcd, () => ipam.AssignAsync(request with { HandleId = "c" }, blocks, Etcd.Stop)));
        // A new host has no blocks to read; it looks for one instead.
        Assert.Equal(3, await CountAsync(etcd, () => ipam.AssignAsync(request with { Owner = BlockOwner.Host("new") }, [], Etcd.Stop)));
        Assert.Equal(3, await CountAsync(etcd, () => ipam.ReleaseAsync("b", Etcd.Stop)));
        Assert.Equal(2, await CountAsync(etcd, () => ipam.ReleaseAsync([new ReleaseTarget(first.Ipv4[0].Address, "a")], Etcd.Stop)));
    }

    private static async Task<int> CountAsync(EtcdProcess etcd, Func<Task> work)
    {
        int before = await CountAsync(etcd);
        await work();
        return await CountAsync(etcd) - before;
    }

    private static async Task<int> CountAsync(EtcdProcess etcd)
    {
        using HttpClient client = new();
        int count = 0;
        foreach (string line in (await client.GetStringAsync(new Uri($"{etcd.Endpoint}/metrics"), Etcd.Stop)).Split('\n'))
        {
            if (line.StartsWith("grpc_server_handled_total{grpc_code=\"OK\"", StringComparison.Ordinal) && line.Contains("etcdserverpb.KV", StringComparison.Ordinal))
                count += int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        }
        return count;
    }
}
