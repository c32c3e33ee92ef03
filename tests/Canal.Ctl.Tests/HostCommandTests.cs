using System.Text;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl.Tests;

/// <summary>node, endpoint, overlay, bgp, config, cni: what concerns one host.</summary>
public sealed class HostCommandTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Pools = """
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: vxlan}
        spec: {cidr: 10.65.0.0/26, vxlanMode: Always}
        ---
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: plain}
        spec: {cidr: 10.66.0.0/26, disabled: true}
        """;

    [Fact]
    public async Task A_node_is_made_changed_and_taken_away_with_all_that_is_its()
    {
        await Cluster.Apply(Pools);
        Assert.Equal("created Node h1\n", (await Cluster.Run("node", "init", "h1", "--ip", "192.0.2.1/24", "--as", "64512")).Good().Error);
        await Cluster.Run("patch", "node", "h1", "-p", """{"spec":{"ipv4VXLANTunnelAddr":"10.65.0.0"}}""");
        Assert.Equal("updated Node h1\n", (await Cluster.Run("node", "init", "h1", "--ip", "192.0.2.9/24", "--ip", "2001:db8::1/64")).Good().Error);
        Assert.Equal("""{"bgp":{"ipv4Address":"192.0.2.9/24","asNumber":64512,"ipv6Address":"2001:db8::1/64"},"ipv4VXLANTunnelAddr":"10.65.0.0"}""",
            (await Cluster.Stored("nodes/h1"))!["spec"]!.ToJsonString());
        string address = (await Cluster.Run("endpoint", "add", "vm1", "--node", "h1", "--interface", "calivm1", "--ip", "auto", "--label", "role=db")).Good().Output.Trim();
        Assert.StartsWith("10.65.0.", address, StringComparison.Ordinal);
        Assert.Equal("""
            deleted WorkloadEndpoint default/h1-canal-vm1-eth0
            released 1 addresses and 1 blocks of h1
            deleted Node h1

            """, (await Cluster.Run("node", "remove", "h1")).Good().Error);
        Assert.Equal("", (await Cluster.Run("ipam", "check")).Good().Output);
        (await Cluster.Run("node", "remove", "h1")).Bad(1, "Node h1: does not exist");
        (await Cluster.Run("node", "init", "h1", "--ip", "192.0.2.1")).Bad(64, "is not ADDRESS/LENGTH or auto");
    }

    [Fact]
    public async Task An_endpoint_has_its_addresses_from_pools_or_from_the_operator_and_gives_them_back()
    {
        await Cluster.Apply(Pools);
        (await Cluster.Run("node", "init", "h1", "--ip", "192.0.2.1/24")).Good();
        string[] add = ["endpoint", "add", "vm1", "--node", "h1", "--dev", "calivm1", "--ip", "auto", "--label", "role=db", "--profile", "open", "--mac", "02:00:00:00:00:01"];
        string address = (await Cluster.Run(add)).Good().Output.Trim();
        Assert.Equal($"role=db; calivm1; {address}/32; open; 02:00:00:00:00:01",
            (await Cluster.Run("get", "wep", "h1-canal-vm1-eth0", "-o", "jsonpath=role={.metadata.labels.role}; {.spec.interfaceName}; {.spec.ipNetworks[0]}; {.spec.profiles[0]}; {.spec.mac}")).Good().Output.Trim());
        // Again: nothing changes, and no second address is taken.
        ProgramRun again = (await Cluster.Run(add)).Good();
        Assert.Equal(address, again.Output.Trim());
        Assert.Equal("unchanged WorkloadEndpoint default/h1-canal-vm1-eth0\n", again.Error);
        (await Cluster.Run("endpoint", "add", "vm2", "--node", "h1", "--dev", "a name that is none", "--ip", "auto")).Bad(1, "spec.interfaceName");
        Assert.Equal("1 blocks with 1 assigned addresses, 1 handles, 1 claims: 0 findings\n", (await Cluster.Run("ipam", "check")).Good().Error);
        Assert.Equal($"deleted WorkloadEndpoint default/h1-canal-vm1-eth0\nreleased {address}\n", (await Cluster.Run("endpoint", "remove", "vm1", "--node", "h1")).Good().Error);
        (await Cluster.Run("endpoint", "add", "vm3", "--node", "h1", "--dev", "calivm3", "--ip", "192.0.2.200")).Good();
    }

    [Fact]
    public async Task The_routes_that_a_host_should_have_are_shown_with_who_writes_them()
    {
        await Cluster.Apply(Pools);
        foreach ((string node, string ip) in ((string, string)[])[("h1", "192.0.2.1/24"), ("h2", "192.0.2.2/24")])
            (await Cluster.Run("node", "init", node, "--ip", ip)).Good();
        await Cluster.Run("patch", "node", "h1", "-p", """{"spec":{"ipv4VXLANTunnelAddr":"10.65.0.62"}}""");
        await Cluster.Run("patch", "node", "h2", "-p", """{"spec":{"ipv4VXLANTunnelAddr":"10.65.0.63"}}""");
        await Put("/calico/ipam/v2/assignment/ipv4/block/10.65.0.0-30", Block("10.65.0.0/30", "h2"));
        await Put("/calico/ipam/v2/assignment/ipv4/block/10.66.0.0-30", Block("10.66.0.0/30", "h2"));
        await Put("/calico/ipam/v2/assignment/ipv4/block/10.66.0.4-30", Block("10.66.0.4/30", "h1"));
        Assert.Equal("""
            DESTINATION    NODE  WAY        VIA         WRITTEN-BY
            10.65.0.0/30   h2    VXLAN      10.65.0.63  canal-felix
            10.65.0.63/32  h2    VXLAN      -           canal-felix
            10.66.0.0/30   h2    plain      192.0.2.2   BIRD
            10.66.0.4/30   h1    own block  -           BIRD

            """, (await Cluster.Run("overlay", "status", "--node", "h1")).Good().Output);
        (await Cluster.Run("overlay", "status", "--node", "h9")).Bad(1, "there is no node 'h9'");
    }

    [Fact]
    public async Task Checksums_are_tried_at_the_addresses_that_are_given()
    {
        Assert.Equal("HOST       CHECKSUMS\n127.0.0.1  arrive\n::1        arrive\n", (await Cluster.Run("overlay", "check", "127.0.0.1", "::1")).Good().Output);
        Assert.Equal("HOST  CHECKSUMS\n", (await Cluster.Run("overlay", "check")).Good().Output);
        (await Cluster.Run("overlay", "check", "127.0.0")).Bad(ExitCode.Usage, "'127.0.0' is not an address");
    }

    [Fact]
    public async Task Leases_of_the_flannel_network_are_shown()
    {
        await Put("/coreos.com/network/subnets/10.5.20.0-24", """{"PublicIP":"192.0.2.2","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"12:34:56:78:9a:bc"}}""");
        await Put("/coreos.com/network/subnets/10.5.3.0-24&fd05:0:0:3::-64", """{"PublicIP":"192.0.2.1","PublicIPv6":"fd00::1","BackendType":"host-gw"}""");
        await Put("/coreos.com/network/subnets/nonsense", "{}");
        await Put("/coreos.com/network/subnets/10.5.4.0-24", "{");
        EtcdLease lease = await Cluster.Etcd.GrantLeaseAsync(TimeSpan.FromHours(20), TestContext.Current.CancellationToken);
        await Cluster.Etcd.CommitAsync(new EtcdTransaction().Put("/other/subnets/10.6.0.0-24", """{"PublicIP":"192.0.2.3","PublicIPv6":null}"""u8.ToArray(), lease.Id), TestContext.Current.CancellationToken);
        ProgramRun run = (await Cluster.Run("overlay", "leases")).Good();
        Assert.Equal("""
            SUBNET        IPV6-SUBNET      HOST               BACKEND  EXPIRES
            10.5.3.0/24   fd05:0:0:3::/64  192.0.2.1,fd00::1  host-gw  never (reserved)
            10.5.20.0/24  -                192.0.2.2          vxlan    never (reserved)

            """, run.Output);
        Assert.Contains("nonsense: left out: its name is no subnet", run.Error, StringComparison.Ordinal);
        Assert.Contains("10.5.4.0-24: left out:", run.Error, StringComparison.Ordinal);
        Assert.Matches(@"\n10\.6\.0\.0/24 +- +192\.0\.2\.3 +- +in (20h|19h59m.*)\n$", (await Cluster.Run("overlay", "leases", "--flannel-prefix", "/other/")).Good().Output);
    }

    [Fact]
    public async Task Bgp_is_asked_of_the_agent()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> environment = new() { ["CONFIGURATION_DIRECTORY"] = "/nonexistent", ["RUNTIME_DIRECTORY"] = folder.Path };
        (await ProgramRun.Of(["bgp", "peers"], "", environment)).Bad(69, "nobody answers on");
        using ControlSocketServer server = ControlSocketServer.Listen(Path.Combine(folder.Path, "bird-config-renderer.sock"));
        using CancellationTokenSource ended = new();
        Task serving = server.RunAsync((request, _) => Task.FromResult(request switch
        {
            "peers" => ControlResponse.Ok("Mesh_192_0_2_2\tnode h2\t64512\tEstablished\t2026-01-02 03:04:05\t3\t4\t-\nGlobal_192_0_2_9\tpeer tor\t64500\tActive\t-\t0\t0\tConnection refused\n"),
            "routes 10.65.0.0/26" => ControlResponse.Ok("10.65.0.0/26  unicast [Mesh_192_0_2_2] * (100) [i]\n"),
            _ => ControlResponse.Failed($"unknown request '{request}'"),
        }), ended.Token);
        Assert.Equal("""
            SESSION           PEER      AS     STATE        SINCE                IN  OUT  LAST-ERROR
            Mesh_192_0_2_2    node h2   64512  Established  2026-01-02 03:04:05  3   4    -
            Global_192_0_2_9  peer tor  64500  Active       -                    0   0    Connection refused

            """, (await ProgramRun.Of(["bgp", "peers"], "", environment)).Bad(1).Output);
        Assert.Contains("\"last-error\": \"Connection refused\"", (await ProgramRun.Of(["bgp", "peers", "-o", "json"], "", environment)).Bad(1).Output, StringComparison.Ordinal);
        Assert.Equal("10.65.0.0/26  unicast [Mesh_192_0_2_2] * (100) [i]\n", (await ProgramRun.Of(["bgp", "routes", "10.65.0.0/26"], "", environment)).Good().Output);
        (await ProgramRun.Of(["bgp", "routes", "10.65"], "", environment)).Bad(64, "is not an address or a prefix");
        await ended.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task A_container_network_is_written_last_and_only_when_all_is_ready()
    {
        using TemporaryFolder folder = new();
        string networks = Path.Combine(folder.Path, "net.d"), plugins = Path.Combine(folder.Path, "bin");
        string[] install = ["cni", "install", "--name", "web", "--dir", networks, "--bin-dir", plugins, "--pool", "vxlan", "--portmap"];
        (await Cluster.Run(install)).Bad(1, "the plugin canal is not in");
        foreach (string plugin in (string[])["canal", "canal-ipam", "portmap"])
            folder.Write($"bin/{plugin}", "");
        (await Cluster.Run(install)).Bad(1, "the cluster is not ready");
        (await Cluster.Run("init")).Good();
        (await Cluster.Run(install)).Bad(1, "there is no IPPool");
        Assert.False(Directory.Exists(networks));
        await Cluster.Apply(Pools);
        Assert.Equal($"wrote {networks}/10-web.conflist\n", (await Cluster.Run(install)).Good().Error);
        Assert.Equal("""
            {
              "cniVersion": "1.0.0",
              "name": "web",
              "plugins": [
                {
                  "type": "canal",
                  "ipam": {
                    "type": "canal-ipam",
                    "ipv4_pools": [
                      "vxlan"
                    ]
                  }
                },
                {
                  "type": "portmap",
                  "capabilities": {
                    "portMappings": true
                  }
                }
              ]
            }

            """, await File.ReadAllTextAsync($"{networks}/10-web.conflist", TestContext.Current.CancellationToken));
        Assert.Equal(await File.ReadAllTextAsync($"{networks}/10-web.conflist", TestContext.Current.CancellationToken), (await Cluster.Run([.. install, "--dry-run"])).Good().Output);
        (await Cluster.Run("cni", "install", "--name", "../web")).Bad(64, "is not the name of a network");
    }

    [Fact]
    public async Task Configuration_is_the_daemons_own_affair()
    {
        using TemporaryFolder folder = new();
        string script = folder.Write("bin/script", "#!/bin/sh\necho \"$@\"\ncat\necho told >&2\nexit 78\n");
        // By another process: a program cannot be run while anything has it open for writing, and a child that another test starts meanwhile has our files for a moment.
        Canal.Testing.Rig.Command.Run("install", ["-m", "500", script, Path.Combine(folder.Path, "bin", "canal-felix")]);
        Dictionary<string, string> environment = new() { ["CONFIGURATION_DIRECTORY"] = "/nonexistent", ["PATH"] = Path.Combine(folder.Path, "bin") };
        Assert.Equal("--check-config --config-dir /x\n", (await ProgramRun.Of(["config", "check", "felix", "--config-dir", "/x"], "", environment)).Bad(78, "told").Output);
        Assert.Equal("--show-config --config-dir /nonexistent\n", (await ProgramRun.Of(["config", "show", "felix"], "", environment)).Bad(78).Output);
        Assert.Equal("--convert-config\nA = b\n", (await ProgramRun.Of(["config", "convert", "-"], "A = b\n", environment)).Bad(78).Output);
        (await ProgramRun.Of(["config", "check", "flex"], "", environment)).Bad(64, "is not a daemon (did you mean felix?)");
    }

    private static string Block(string cidr, string node) =>
        $$"""{"cidr":"{{cidr}}","affinity":"host:{{node}}","allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":[]}""";

    private Task Put(string key, string json) =>
        Cluster.Etcd.CommitAsync(new Datastore.EtcdTransaction().Put(key, Encoding.UTF8.GetBytes(json)), TestContext.Current.CancellationToken);
}
