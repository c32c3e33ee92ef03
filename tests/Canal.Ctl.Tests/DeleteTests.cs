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
