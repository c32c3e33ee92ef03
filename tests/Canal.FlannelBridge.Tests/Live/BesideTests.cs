using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>What other programs of the host and of the cluster are told, by a bridge that leases and by one that stands beside a flanneld.</summary>
public sealed class BesideTests
{
    private const string PoolKey = "/calico/resources/v3/projectcalico.org/ippools/flannel";

    private static string[] Told(FlannelHost host, params string[] more) => [$"cni_config_file = \"{CniFile(host)}\"", "ip_pool = \"flannel\"", .. more];

    private static string CniFile(FlannelHost host) => Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(host.SubnetFilePath))!, "net.d", "10-canal-flannel.conflist");

    private static async Task<JsonNode?> Spec(FlannelFabric fabric, string suffix = "") =>
        (await fabric.Etcd.CtlAsync("get", "--print-value-only", PoolKey + suffix)) is { Length: > 2 } json ? JsonNode.Parse(json)!["spec"] : null;

    [Fact]
    public async Task Runtimes_get_a_network_and_the_policy_agent_a_pool_and_both_follow_the_lease()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        foreach (FlannelHost host in (FlannelHost[])[one, two]) host.Configure(Told(host, "masquerade = \"felix\""));
        await fabric.Run(one, two);
        await fabric.Until(() => File.Exists(CniFile(one)), "there is no CNI network");
        await fabric.Until(async () => await Spec(fabric) is not null && await Spec(fabric, "-ipv6") is not null, "there are no pools");
        JsonNode spec = (await Spec(fabric))!;
        Assert.Equal(("10.5.0.0/16", true, true, "Never", "Never"), ((string)spec["cidr"]!, (bool)spec["disabled"]!, (bool)spec["natOutgoing"]!, (string)spec["vxlanMode"]!, (string)spec["ipipMode"]!));
        Assert.DoesNotContain("masquerade", one.Netns.Shell("nft list ruleset"), StringComparison.Ordinal);
        Assert.Contains("FLANNEL_IPMASQ=true", File.ReadAllText(one.SubnetFilePath), StringComparison.Ordinal);
        Assert.Equal(one.Subnet.V4Cidr.ToString(), (string?)Range(one));

        await Gives(one, $"{one.Subnet.V4Cidr!.Value.Address.ToString()[..^1]}2/24");
        await fabric.Configure("""{"Network":"10.6.0.0/16","Backend":{"Type":"vxlan"}}""");
        await fabric.Until(() => one.Subnet.ToString().StartsWith("10.6.", StringComparison.Ordinal) && ((string?)Range(one))!.StartsWith("10.6.", StringComparison.Ordinal), "the CNI network did not follow");
        await fabric.Until(async () => (string?)(await Spec(fabric))!["cidr"] == "10.6.0.0/16", "the pool did not follow");
    }

    private static JsonNode? Range(FlannelHost host) => JsonNode.Parse(File.ReadAllText(CniFile(host)))!["plugins"]![0]!["ipam"]!["ranges"]![0]![0]!["subnet"];

    /// <summary>The reference plugin understands what is written for it.</summary>
    private static async Task Gives(FlannelHost host, string address)
    {
        const string plugin = "/usr/lib/cni/host-local";
        if (!File.Exists(plugin)) return;
        JsonNode network = JsonNode.Parse(File.ReadAllText(CniFile(host)))!;
        JsonNode ipam = network["plugins"]![0]!["ipam"]!.DeepClone();
        ipam["dataDir"] = Path.Combine(Path.GetDirectoryName(CniFile(host))!, "addresses");
        JsonObject config = new() { ["cniVersion"] = (string)network["cniVersion"]!, ["name"] = (string)network["name"]!, ["ipam"] = ipam };
        ProcessStartInfo start = new(plugin) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in new[] { ("CNI_COMMAND", "ADD"), ("CNI_CONTAINERID", "c1"), ("CNI_IFNAME", "eth0"), ("CNI_NETNS", "/run/netns/none"), ("CNI_PATH", "/usr/lib/cni") }) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(config.ToJsonString());
        process.StandardInput.Close();
        Assert.Equal(address, (string?)JsonNode.Parse(await process.StandardOutput.ReadToEndAsync())!["ips"]![0]!["address"]);
    }

    [Fact]
    public async Task Beside_a_flanneld_nothing_of_its_is_changed_and_all_of_it_told_on()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        FlannelHost host = fabric.AddHost(1);
        host.Configure(Told(host, "mode = \"beside\"", "masquerade = \"felix\""));
        // What flanneld leaves: a device, a peer, a lease, a file.
        host.Netns.Shell("""
            ip link add flannel.1 address 0e:00:00:00:00:01 type vxlan id 1 local 192.168.50.1 dev e0 dstport 8472 nolearning; ip addr add 10.5.7.0/32 dev flannel.1; ip link set flannel.1 up
            ip route add 10.5.8.0/24 via 10.5.8.0 dev flannel.1 onlink
            """);
        await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/subnets/10.5.7.0-24", """{"PublicIP":"192.168.50.1","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:01"}}""");
        string kernel = host.Netns.Shell("ip -o link show dev flannel.1; ip route"), leases = await fabric.Etcd.CtlAsync("get", "--prefix", "-w", "fields", $"{FlannelFabric.Prefix}/");
        host.Start();
        await fabric.Until(() => host.Ask("--status").Contains("does not tell one", StringComparison.Ordinal), "it does not say that it waits");
        Directory.CreateDirectory(Path.GetDirectoryName(host.SubnetFilePath)!);
        const string file = "FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.7.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n";
        File.WriteAllText(host.SubnetFilePath, file);
        await fabric.Until(() => File.Exists(CniFile(host)) && (string?)Range(host) == "10.5.7.0/24", "there is no CNI network");
        await fabric.Until(async () => await Spec(fabric) is { } spec && (bool)spec["natOutgoing"]!, "there is no pool that translates");
        await fabric.Until(() => host.Ask("--status").Contains("lease: 192.168.50.1 ('vxlan')", StringComparison.Ordinal), "status does not tell the lease");

        // flanneld starts to translate, and with another subnet.
        File.WriteAllText(host.SubnetFilePath, file.Replace("10.5.7.1", "10.5.9.1", StringComparison.Ordinal).Replace("IPMASQ=false", "IPMASQ=true", StringComparison.Ordinal));
        await fabric.Until(() => (string?)Range(host) == "10.5.9.0/24", "the CNI network did not follow");
        await fabric.Until(async () => !(bool)(await Spec(fabric))!["natOutgoing"]!, "two would translate");

        Assert.Equal(kernel, host.Netns.Shell("ip -o link show dev flannel.1; ip route"));
        Assert.Equal(Without(leases), Without(await fabric.Etcd.CtlAsync("get", "--prefix", "-w", "fields", $"{FlannelFabric.Prefix}/")));
        Assert.Equal("", host.Netns.Shell("nft list ruleset"));
    }

    private static string Without(string fields) => string.Join('\n', fields.Split('\n').Where(l => !l.StartsWith("\"Revision\"", StringComparison.Ordinal) && !l.StartsWith("\"RaftTerm\"", StringComparison.Ordinal)));

    [Fact]
    public async Task A_pool_of_somebody_else_is_left_alone()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"alloc"}}""");
        const string other = """{"kind":"IPPool","apiVersion":"projectcalico.org/v3","metadata":{"name":"flannel"},"spec":{"cidr":"10.65.0.0/16"}}""";
        await fabric.Etcd.CtlAsync("put", PoolKey, other);
        FlannelHost host = fabric.AddHost(1);
        host.Configure(Told(host));
        host.Start();
        await fabric.Until(() => host.Log.Contains("IPPool flannel is there, is not as the network 10.5.0.0/16 needs it", StringComparison.Ordinal), "it is not told");
        Assert.Equal(other, (await fabric.Etcd.CtlAsync("get", "--print-value-only", PoolKey)).Trim());
    }

    [Fact]
    public async Task A_process_called_flanneld_is_not_run_against()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start();
        FlannelHost host = fabric.AddHost(1);
        string impostor = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(host.SubnetFilePath))!, "flanneld");
        // By another process: a program cannot be run while anything has it open for writing, and a child that another test starts meanwhile has our files for a moment.
        Canal.Testing.Rig.Command.Run("cp", ["/bin/sleep", impostor]);
        using Process running = host.Netns.Run(() => Process.Start(impostor, "60"));
        (int code, string output) = host.RunToEnd();
        running.Kill();
        Assert.Equal(78, code);
        Assert.Contains("flanneld (process ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_is_in_two_networks()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        await fabric.Etcd.CtlAsync("put", "/other/config", """{"Network":"10.6.0.0/16","Backend":{"Type":"vxlan","VNI":2,"Port":8473}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        using FlannelHost oneToo = one.InAnotherNetwork("/other"), twoToo = two.InAnotherNetwork("/other");
        await fabric.Run(one, two);
        foreach (FlannelHost host in (FlannelHost[])[oneToo, twoToo]) host.Start();
        await fabric.Until(() => oneToo.HasSubnet && twoToo.HasSubnet && oneToo.HasRouteTo(twoToo), "the other network is not there");
        foreach (FlannelHost host in (FlannelHost[])[oneToo, twoToo]) host.Netns.Shell($"ip addr add {host.Workload()}/32 dev lo");
        await fabric.Until(() => one.Reaches(two) && oneToo.Reaches(twoToo), "not both networks carry packets");
        string[] entries = one.Entries();
        one.Kill();
        one.Start();
        await fabric.Until(() => one.Ask("--status").Contains("ready: yes", StringComparison.Ordinal), "it did not get ready");
        Assert.Equal(entries, one.Entries());
        Assert.True(oneToo.Reaches(twoToo));
    }
}
