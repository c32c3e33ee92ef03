using System.Text.RegularExpressions;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>Two links with a router between them, one etcd on the router, and hosts, each with its real bridge.</summary>
internal sealed partial class FlannelFabric : IAsyncDisposable
{
    public const string Prefix = "/coreos.com/network";
    public const string EtcdAddress = "192.168.50.254";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string prefix = $"canal-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private readonly string folder = Directory.CreateTempSubdirectory("canal-flannel-").FullName;
    private readonly List<string> namespaces = [];
    private readonly List<FlannelHost> hosts = [];
    private EtcdProcess? etcd;

    public EtcdProcess Etcd => etcd!;

    public static async Task<FlannelFabric> Start(string? config = null)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for network namespaces");
        FlannelFabric fabric = new();
        try
        {
            fabric.Namespace("fabric");
            using Netns router = fabric.Router();
            Canal.Testing.Rig.Command.IpBatch(
                [
                    "link set lo up", "link add br50 type bridge", "link add br60 type bridge", "link set br50 up", "link set br60 up",
                    "addr add 192.168.50.254/24 dev br50", "addr add 192.168.60.254/24 dev br60", "addr add fd50::fe/64 dev br50 nodad", "addr add fd60::fe/64 dev br60 nodad",
                ], router);
            router.WriteSysctl("net/ipv4/ip_forward", "1");
            router.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
            fabric.etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { Address = EtcdAddress, NetworkNamespace = fabric.namespaces[0] });
            if (config is not null) await fabric.Configure(config);
            return fabric;
        }
        catch
        {
            await fabric.DisposeAsync();
            throw;
        }
    }

    /// <summary>The router's namespace.</summary>
    public Netns Router() => new(namespaces[0]);

    /// <summary>A host on the link 50 or 60, with a workload behind a bridge once it has a subnet.</summary>
    public FlannelHost AddHost(int number, int link = 50, params string[] settings)
    {
        string ns = Namespace($"h{number}");
        FlannelHost host = new(number, link, ns, Path.Combine(folder, $"h{number}"), settings);
        hosts.Add(host);
        using Netns router = Router();
        Canal.Testing.Rig.Command.IpBatch([$"link add v{number} type veth peer name e0 netns {ns}", $"link set v{number} master br{link} up"], router);
        host.Connect();
        return host;
    }

    public Task Configure(string config) => Etcd.CtlAsync("put", $"{Prefix}/config", config);

    /// <summary>Writes in etcdctl's words, at once.</summary>
    public void Transaction(IEnumerable<string> operations)
    {
        using Netns router = Router();
        Canal.Testing.Rig.Command.Run("env", ["ETCDCTL_API=3", "etcdctl", "--endpoints", Etcd.Endpoint, "txn"], $"\n{string.Join('\n', operations)}\n\n\n", router);
    }

    /// <summary>Keys of leases with their values.</summary>
    public async Task<Dictionary<string, string>> Leases()
    {
        string[] lines = (await Etcd.CtlAsync("get", "--prefix", $"{Prefix}/subnets/")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Chunk(2).ToDictionary(pair => pair[0][$"{Prefix}/subnets/".Length..], pair => pair[1]);
    }

    /// <summary>Starts the bridges of these hosts and waits until each knows all the others.</summary>
    public async Task Run(params FlannelHost[] started)
    {
        foreach (FlannelHost host in started) host.Start();
        foreach (FlannelHost host in started) await Until(() => host.HasSubnet, $"host {host.Number} has no subnet");
        foreach (FlannelHost host in started) host.AddWorkload();
        foreach (FlannelHost host in started)
            foreach (FlannelHost other in started)
                if (host != other) await Until(() => host.HasRouteTo(other), $"host {host.Number} has no route to host {other.Number}");
    }

    public Task Until(Func<bool> condition, string failure) => Poll.Until(() => ValueTask.FromResult(condition()), Patience, () => $"{failure}\n{Story()}");

    public Task Until(Func<Task<bool>> condition, string failure) => Poll.Until(async () => await condition(), Patience, () => $"{failure}\n{Story()}");

    public string Story() => string.Join('\n', hosts.Select(h => $"== host {h.Number}\n{h.Log}\n{h.Netns.Shell("ip addr; ip route; ip -6 route; bridge fdb; nft list ruleset")}\n{h.Ask("--status")}"));

    public async ValueTask DisposeAsync()
    {
        foreach (FlannelHost host in hosts) host.Dispose();
        if (etcd is not null) await etcd.DisposeAsync();
        foreach (string name in namespaces)
            Canal.Testing.Rig.Command.Shell($"for p in $(ip netns pids {name}); do kill -9 $p 2>/dev/null || true; done; ip netns del {name} || true");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A text without what is drawn by chance.</summary>
    public static string WithoutChance(string text) => Macs().Replace(text, "MAC");

    private string Namespace(string role)
    {
        string name = $"{prefix}-{role}";
        Canal.Testing.Rig.Command.Run("ip", ["netns", "add", name]);
        namespaces.Add(name);
        return name;
    }

    [GeneratedRegex("([0-9a-f]{2}:){5}[0-9a-f]{2}")]
    private static partial Regex Macs();
}
