using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Testing;

namespace Canal.Ctl.Tests;

/// <summary>delete: what goes, what stays, and how it ends.</summary>
public sealed class DeleteTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Two = """
        {apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: a}, spec: {order: 7}}
        ---
        {apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: a.x}, spec: {tier: a}}
        """;

    [Fact]
    public async Task By_name_and_by_namespace()
    {
        const string Set = "{apiVersion: projectcalico.org/v3, kind: NetworkSet, metadata: {name: s}}";
        await Cluster.Apply(Set);
        await Cluster.Apply(Set, "-n", "b");
        Assert.Equal("deleted NetworkSet b/s\n", (await Cluster.Run("delete", "netset", "s", "-n", "b")).Good().Error);
        Assert.Equal(["networksets/default/s", "tiers/default"], await Cluster.Keys());
        (await Cluster.Run("delete", "networkset/default/s")).Good();
        Assert.Equal(["tiers/default"], await Cluster.Keys());
    }

    [Fact]
    public async Task What_is_not_there_is_an_error_unless_told_otherwise()
    {
        (await Cluster.Run("delete", "gnp", "nix")).Bad(1, "GlobalNetworkPolicy nix: does not exist");
        (await Cluster.Run("delete", "gnp", "nix", "--ignore-not-found")).Good();
        (await Cluster.Run("delete", "gnp", "nix", "--skip-not-exists")).Good();
    }

    [Fact]
    public async Task A_tier_goes_after_its_policies_and_not_before()
    {
        await Cluster.Apply(Two);
        (await Cluster.Run("delete", "tier", "a")).Bad(1, "Tier a: still has policies: GlobalNetworkPolicy a.x");
        (await Cluster.Run("delete", "tier", "default")).Bad(1, "is a built-in tier");
        Assert.Equal("deleted GlobalNetworkPolicy a.x\ndeleted Tier a\n", (await Cluster.RunOn(Two, "delete")).Good().Error);
        Assert.Equal(["tiers/default"], await Cluster.Keys());
    }

    [Fact]
    public async Task A_node_takes_its_own_peers_and_configuration_of_BGP_with_it()
    {
        const string Documents = """
            {apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: of-h1}, spec: {node: h1, peerIP: 192.0.2.1, asNumber: 65000}}
            ---
            {apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: of-h2}, spec: {node: h2, peerIP: 192.0.2.1, asNumber: 65000}}
            ---
            {apiVersion: projectcalico.org/v3, kind: BGPPeer, metadata: {name: of-all}, spec: {peerIP: 192.0.2.2, asNumber: 65000}}
            ---
            {apiVersion: projectcalico.org/v3, kind: BGPConfiguration, metadata: {name: node.h1}, spec: {listenPort: 1790}}
            ---
            {apiVersion: projectcalico.org/v3, kind: BGPConfiguration, metadata: {name: node.h2}, spec: {listenPort: 1790}}
            ---
            {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: h1}, spec: {bgp: {ipv4Address: 10.0.0.1/24}}}
            ---
            {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: h2}, spec: {bgp: {ipv4Address: 10.0.0.2/24}}}
            """;
        await Cluster.Apply(Documents);
        Assert.Equal("deleted BGPPeer of-h1\ndeleted BGPConfiguration node.h1\ndeleted Node h1\n", (await Cluster.Run("delete", "node", "h1")).Good().Error);
        Assert.Equal(["bgpconfigurations/node.h2", "bgppeers/of-all", "bgppeers/of-h2", "nodes/h2", "tiers/default"], await Cluster.Keys());
        (await Cluster.Run("node", "remove", "h2")).Good();
        Assert.Equal(["bgppeers/of-all", "tiers/default"], await Cluster.Keys());
        await Cluster.Apply(Documents);
        (await Cluster.RunOn(Documents, "delete")).Good();
        Assert.Equal(["tiers/default"], await Cluster.Keys());
    }

    private const string Hosts = """
        {apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {name: p}, spec: {cidr: 10.65.0.0/24, blockSize: 28, vxlanMode: Always}}
        ---
        {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: h1}, spec: {ipv4VXLANTunnelAddr: 10.65.0.1, bgp: {ipv4Address: 192.0.2.1/24, ipv4IPIPTunnelAddr: 10.65.0.2}}}
        ---
        {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: h2}, spec: {bgp: {ipv4Address: 192.0.2.2/24}}}
        ---
        {apiVersion: projectcalico.org/v3, kind: FelixConfiguration, metadata: {name: node.h1}, spec: {vxlanMTU: 1400}}
        ---
        {apiVersion: projectcalico.org/v3, kind: FelixConfiguration, metadata: {name: node.h2}, spec: {vxlanMTU: 1400}}
        ---
        {apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: e1}, spec: {node: h1, interfaceName: eth0}}
        ---
        {apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: e2}, spec: {node: h2, interfaceName: eth0}}
        """;

    [Theory]
    [InlineData("delete", "node")]
    [InlineData("node", "remove")]
    public async Task A_node_goes_with_all_that_is_the_hosts(params string[] command)
    {
        await FillAsync();
        (await Cluster.Run([.. command, "h1"])).Good();
        Assert.Equal(["felixconfigurations/node.h2", "hostendpoints/e2", "ippools/p", "nodes/h2", "tiers/default", "workloadendpoints/default/h2-cni-b-eth0"], await Cluster.Keys());
        // The block of the host stays with what is another's, and is nobody's; what another tells to have is that one's.
        Assert.Equal(["10.65.0.0/28 (nobody) 10.65.0.6", "10.65.0.32/28 host:h2 10.65.0.33"], await BlocksAsync());
        Assert.Empty(await HeldAsync("/calico/ipam/v2/host/h1/"));
        Assert.Equal(["/calico/ipam/v2/handle/cni.b", "/calico/ipam/v2/handle/cni.moved"], await HeldAsync("/calico/ipam/v2/handle/"));
        (await Cluster.Run([.. command, "h1"])).Bad(1, "Node h1: does not exist");
    }

    [Theory]
    [InlineData("delete", "node")]
    [InlineData("node", "remove")]
    public async Task What_a_host_without_a_node_has_left_goes_too(params string[] command)
    {
        await FillAsync();
        await Cluster.Etcd.CommitAsync(new EtcdTransaction().Delete($"{ResourceKey.Root}nodes/h1"), TestContext.Current.CancellationToken);
        ProgramRun run = (await Cluster.Run([.. command, "h1"])).Good();
        Assert.Contains("deleted FelixConfiguration node.h1", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("Node h1: does not exist\n", run.Error, StringComparison.Ordinal);
        Assert.Empty(await HeldAsync("/calico/ipam/v2/host/h1/"));
    }

    [Fact]
    public async Task What_cannot_be_removed_is_told_and_the_node_stays_so_that_it_can_be_tried_again()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { RootPassword = "s3cret" });
        Task<ProgramRun> run(string user, string input, params string[] words) => ProgramRun.Of(words, input, new Dictionary<string, string>
        {
            ["CONFIGURATION_DIRECTORY"] = "/nonexistent",
            ["ETCD_ENDPOINTS"] = etcd.Endpoint,
            ["ETCD_USERNAME"] = user,
            ["ETCD_PASSWORD"] = "s3cret",
        });
        (await run("root", Hosts, "apply", "-f", "-")).Good();
        await etcd.CtlAsync("role", "add", "ops");
        foreach (string kind in (string[])["bgppeers", "bgpconfigurations", "nodes", "workloadendpoints"])
            await etcd.CtlAsync("role", "grant-permission", "ops", "readwrite", "--prefix", $"{ResourceKey.Root}{kind}/");
        await etcd.CtlAsync("role", "grant-permission", "ops", "read", "--prefix", $"{ResourceKey.Root}felixconfigurations/");
        await etcd.CtlAsync("role", "grant-permission", "ops", "readwrite", "--prefix", IpamKey.Root);
        await etcd.CtlAsync("user", "add", "ops:s3cret");
        await etcd.CtlAsync("user", "grant-role", "ops", "ops");
        ProgramRun refused = (await run("ops", "", "delete", "node", "h1")).Bad(1,
            "each HostEndpoint of h1: ", "FelixConfiguration node.h1: ", "Node h1: stays, because not all that is the host's could be removed");
        Assert.DoesNotContain("deleted Node", refused.Error, StringComparison.Ordinal);
        Assert.EndsWith("deleted Node h1\n", (await run("root", "", "delete", "node", "h1")).Good().Error, StringComparison.Ordinal);
    }

    /// <summary>Two hosts with all that a host can have.</summary>
    private async Task FillAsync()
    {
        await Cluster.Apply(Hosts);
        using IpamStore ipam = new(Cluster.Etcd, TimeProvider.System, new Random(1));
        await AssignAsync(ipam, "h1", "10.65.0.1", "vxlan-tunnel-addr-h1", "h1");
        // Old releases of Calico told neither handle nor node.
        await AssignAsync(ipam, "h1", "10.65.0.2", null, "");
        await AssignAsync(ipam, "h1", "10.65.0.3", "cni.a", "");
        await Cluster.Etcd.CommitAsync(new EtcdTransaction().Put(IpamKey.Handle("cni.a").ToEtcdKey(), "not json"u8.ToArray()), TestContext.Current.CancellationToken);
        await AssignAsync(ipam, "h1", "10.65.0.6", "cni.moved", "h2");
        await AssignAsync(ipam, "h2", "10.65.0.33", "cni.b", "h2");
        await AssignAsync(ipam, "h2", "10.65.0.34", "cni.borrowed", "h1");
        await ipam.ClaimAsync(BlockOwner.Host("h1"), Cidr.Parse("10.65.0.16/28"), TestContext.Current.CancellationToken);
        await Cluster.Put("workloadendpoints/default/h1-cni-a-eth0", Workload("h1-cni-a-eth0", "h1", "10.65.0.3/32"));
        await Cluster.Put("workloadendpoints/default/h1-cni-m-eth0", Workload("h1-cni-m-eth0", "h1", "10.65.0.6/32"));
        await Cluster.Put("workloadendpoints/default/h1-cni-x-eth0", "not json");
        await Cluster.Put("workloadendpoints/default/h2-cni-b-eth0", Workload("h2-cni-b-eth0", "h2", "10.65.0.33/32"));
    }

    private static string Workload(string name, string node, string network) =>
        $$$"""{"kind":"WorkloadEndpoint","metadata":{"name":"{{{name}}}","namespace":"default"},"spec":{"node":"{{{node}}}","orchestrator":"cni","ipNetworks":["{{{network}}}"],"interfaceName":"cali1"}}""";

    private static Task AssignAsync(IpamStore ipam, string owner, string address, string? handle, string node) => ipam.AssignAsync(new SpecificRequest
    {
        Owner = BlockOwner.Host(owner),
        Address = IpAddress.Parse(address),
        HandleId = handle,
        Attributes = node.Length == 0 ? default : LabelMap.Create([new("node", node)]),
        Now = ipam.Now,
    }, TestContext.Current.CancellationToken);

    private async Task<string[]> HeldAsync(string prefix) =>
        [.. (await Cluster.Etcd.SnapshotAsync([KeyRange.Prefix(prefix)], TestContext.Current.CancellationToken)).Entries.Select(entry => entry.KeyText)];

    private async Task<string[]> BlocksAsync()
    {
        List<string> blocks = [];
        foreach (EtcdEntry entry in (await Cluster.Etcd.SnapshotAsync([KeyRange.Prefix(IpamKey.Blocks)], TestContext.Current.CancellationToken)).Entries)
        {
            IpamBlock block = IpamCodec.DecodeBlock(entry.Value.Span).Value!;
            IEnumerable<IpAddress> assigned = Enumerable.Range(0, block.Allocations.Count).Where(i => block.Allocations[i] is not null).Select(i => block.Cidr.AddressAt((UInt128)i));
            blocks.Add($"{block.Cidr} {block.Affinity?.ToString() ?? "(nobody)"} {string.Join(' ', assigned)}");
        }
        return [.. blocks];
    }

    [Fact]
    public async Task A_document_of_an_old_revision_deletes_nothing()
    {
        await Cluster.Apply(Two);
        long revision = await Cluster.Revision("tiers/a");
        string document(long at) => $"{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: a.x, resourceVersion: '{at}'}}}}";
        (await Cluster.RunOn(document(revision - 1), "delete")).Bad(1, $"the document is of revision {revision - 1}, and it has changed since");
        (await Cluster.RunOn(document(await Cluster.Revision("globalnetworkpolicies/a.x")), "delete")).Good();
    }

    [Fact]
    public async Task A_policy_of_an_earlier_release_goes_by_the_name_it_is_shown_under()
    {
        await Cluster.Put("globalnetworkpolicies/default.old", """{"kind":"GlobalNetworkPolicy","metadata":{"name":"default.old"},"spec":{}}""");
        Assert.Equal("deleted GlobalNetworkPolicy old (stored as default.old)\n", (await Cluster.Run("delete", "gnp", "old")).Good().Error);
        Assert.Equal(["tiers/default"], await Cluster.Keys());
    }

    [Fact]
    public async Task A_value_nobody_can_read_can_be_deleted()
    {
        await Cluster.Put("globalnetworksets/bad", "not json");
        (await Cluster.Run("delete", "gns", "bad")).Good();
    }
}
