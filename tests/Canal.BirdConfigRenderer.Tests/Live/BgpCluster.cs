using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>Hosts on one fabric with one etcd, each with its real renderer and its real BIRD.</summary>
internal sealed class BgpCluster : IAsyncDisposable
{
    public const string EtcdAddress = "10.0.0.254";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string prefix = $"canal-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private readonly string folder = Directory.CreateTempSubdirectory("canal-bgp-").FullName;
    private readonly List<string> namespaces = [];
    private readonly List<BgpHost> hosts = [];
    private EtcdProcess? etcd;

    public static async Task<BgpCluster> Start()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for network namespaces");
        BgpCluster cluster = new();
        try
        {
            cluster.Namespace("fabric");
            using Netns fabric = new(cluster.namespaces[0]);
            Canal.Testing.Rig.Command.IpBatch(["link set lo up", "link add br0 type bridge", $"addr add {EtcdAddress}/24 dev br0", "link set br0 up"], fabric);
            cluster.etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { Address = EtcdAddress, NetworkNamespace = cluster.namespaces[0] });
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A host on the fabric, not yet known to the cluster; its block's first address answers.</summary>
    public BgpHost AddHost(string name, int number, bool hasBird16 = false)
    {
        string ns = Namespace(name);
        BgpHost host = new(name, number, ns, folder, hasBird16);
        hosts.Add(host);
        using Netns fabric = new(namespaces[0]);
        Canal.Testing.Rig.Command.IpBatch([$"link add v{number} type veth peer name eth0 netns {ns}", $"link set v{number} master br0 up"], fabric);
        Canal.Testing.Rig.Command.IpBatch(
            ["link set lo up", $"addr add {host.Address}/24 dev eth0", $"addr add fd00::{number}/64 dev eth0 nodad", "link set eth0 up", $"addr add {host.Workload}/32 dev lo", $"addr add fd00:192:{number}::1/128 dev lo nodad"], host.Netns);
        host.Netns.WriteSysctl("net/ipv4/ip_forward", "1");
        return host;
    }

    /// <summary>Tells the cluster of a host and its blocks.</summary>
    public async Task Announce(BgpHost host, string more = "", string labels = "")
    {
        await Put("nodes", host.Name, $$"""{"bgp":{"ipv4Address":"{{host.Address}}/24","ipv6Address":"fd00::{{host.Number}}/64"{{more}}} }""", labels);
        await PutRaw($"/calico/ipam/v2/host/{host.Name}/ipv4/block/{host.Block.Replace('/', '-')}", """{"state":"confirmed"}""");
        await PutRaw($"/calico/ipam/v2/host/{host.Name}/ipv6/block/{host.BlockV6.Replace('/', '-')}", """{"state":"confirmed"}""");
    }

    /// <summary>Pools without encapsulation for all blocks.</summary>
    public async Task PutPools()
    {
        await Put("ippools", "v4", """{"cidr":"192.168.0.0/16"}""");
        await Put("ippools", "v6", """{"cidr":"fd00:192::/32"}""");
    }

    public Task Put(string plural, string name, string spec, string labels = "")
    {
        string kind = plural switch { "nodes" => "Node", "ippools" => "IPPool", "bgppeers" => "BGPPeer", "bgpfilters" => "BGPFilter", "caliconodestatuses" => "CalicoNodeStatus", _ => "BGPConfiguration" };
        return PutRaw($"/calico/resources/v3/projectcalico.org/{plural}/{name}",
            $$"""{"kind":"{{kind}}","apiVersion":"projectcalico.org/v3","metadata":{"name":"{{name}}","labels":{ {{labels}} } },"spec":{{spec}}}""");
    }

    public Task<string> Get(string plural, string name) => etcd!.CtlAsync("get", "--print-value-only", $"/calico/resources/v3/projectcalico.org/{plural}/{name}");

    public Task Delete(string plural, string name) => etcd!.CtlAsync("del", $"/calico/resources/v3/projectcalico.org/{plural}/{name}");

    /// <summary>Waits until it is so; a failure tells what every host logged.</summary>
    public Task Until(Func<ValueTask<bool>> condition, string failure) => Poll.Until(condition, Patience, () => $"{failure}\n{Story()}");

    public Task Until(Func<bool> condition, string failure) => Until(() => ValueTask.FromResult(condition()), failure);

    public string Story() => string.Join('\n', hosts.Select(h => $"== {h.Name}\n{h.Log}\n{h.Routes()}{h.Ask("--status")}"));

    public async ValueTask DisposeAsync()
    {
        foreach (BgpHost host in hosts) host.Dispose();
        if (etcd is not null) await etcd.DisposeAsync();
        foreach (string name in namespaces)
            Canal.Testing.Rig.Command.Shell($"for p in $(ip netns pids {name}); do kill -9 $p 2>/dev/null || true; done; ip netns del {name} || true");
        Directory.Delete(folder, recursive: true);
    }

    private string Namespace(string role)
    {
        string name = $"{prefix}-{role}";
        Canal.Testing.Rig.Command.Run("ip", ["netns", "add", name]);
        namespaces.Add(name);
        return name;
    }

    private Task PutRaw(string key, string value) => etcd!.CtlAsync("put", key, value);
}
