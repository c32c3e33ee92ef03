using System.Text.Json.Nodes;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl.Tests;

/// <summary>datastore migrate: a cluster moves whole, or its policies get the names of another era.</summary>
public sealed class DatastoreTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Documents = """
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: pool}
        spec: {cidr: 10.65.0.0/26}
        ---
        apiVersion: projectcalico.org/v3
        kind: NetworkPolicy
        metadata: {name: db, namespace: prod}
        spec: {selector: role == 'db', types: [Ingress], ingress: [{action: Allow}]}
        ---
        apiVersion: projectcalico.org/v3
        kind: Tier
        metadata: {name: security}
        spec: {order: 10}
        ---
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: {name: security.spy}
        spec: {tier: security, selector: all(), types: [Egress], egress: [{action: Pass}]}
        """;

    [Fact]
    public async Task A_cluster_moves_to_another_etcd_and_is_the_same_there()
    {
        (await Cluster.Run("init")).Good();
        await Cluster.Apply(Documents);
        using IpamStore ipam = new(Cluster.Etcd, TimeProvider.System, new Random(1));
        Assignment got = await ipam.AssignAsync(new AddressRequest { Owner = BlockOwner.Host("h1"), HandleId = "web", Ipv4 = 2, Now = ipam.Now }, [], Stop);
        Assert.Equal(2, got.Ipv4.Count);
        (await Cluster.Run("datastore", "migrate", "export")).Good();
        Assert.Equal("updated ClusterInformation default\n", (await Cluster.Run("datastore", "migrate", "lock")).Good().Error);
        ProgramRun export = (await Cluster.Run("datastore", "migrate", "export")).Good();
        Assert.Equal("", export.Error);
        Dictionary<string, string> before = await All();

        (await Cluster.RunOn(export.Output, "datastore", "migrate", "import")).Bad(1, "has address management already", "nothing was written");
        await Cluster.ClearAsync();
        ProgramRun import = (await Cluster.RunOn(export.Output, "datastore", "migrate", "import")).Good();
        Assert.EndsWith("6 resources and 3 keys of address management were written; agents wait until it is unlocked\n", import.Error, StringComparison.Ordinal);
        Assert.Equal(before, await All());
        (await Cluster.Run("datastore", "migrate", "unlock")).Good();
        Assert.True((bool)(await Cluster.Stored("clusterinformations/default"))!["spec"]!["datastoreReady"]!);
    }

    [Fact]
    public async Task A_document_that_is_none_stops_the_import_before_anything_is_written()
    {
        await Cluster.ClearAsync();
        (await Cluster.RunOn("apiVersion: canal/v1\nkind: IPAMData\nentries: [{key: /calico/ipam/v2/handle/x, value: '[]'}, {key: /etc/passwd, value: x}]\n", "datastore", "migrate", "import"))
            .Bad(1, "'/calico/ipam/v2/handle/x': is not address management", "'/etc/passwd': is not address management", "nothing was written");
        Assert.Empty(await Cluster.Keys());
    }

    [Fact]
    public async Task Policies_get_the_names_of_the_other_era_and_back_in_one_step_each()
    {
        await Cluster.Apply(Documents);
        string plain = (await Cluster.Run("get", "np", "db", "-n", "prod", "-o", "jsonpath={.spec}")).Good().Output;
        (await Cluster.Run("datastore", "migrate", "names", "prefixed", "--dry-run")).Good();
        Assert.Contains("networkpolicies/prod/db", await Cluster.Keys());
        Assert.Equal("renamed NetworkPolicy prod/db to default.db\n", (await Cluster.Run("datastore", "migrate", "names", "prefixed")).Good().Error);
        Assert.Contains("networkpolicies/prod/default.db", await Cluster.Keys());
        Assert.DoesNotContain("networkpolicies/prod/db", await Cluster.Keys());
        Assert.Contains("globalnetworkpolicies/security.spy", await Cluster.Keys());
        Assert.Equal(plain, (await Cluster.Run("get", "np", "db", "-n", "prod", "-o", "jsonpath={.spec}")).Good().Output);
        Assert.Equal("renamed NetworkPolicy prod/default.db to db\n", (await Cluster.Run("datastore", "migrate", "names", "plain")).Good().Error);
        Assert.Equal("", (await Cluster.Run("datastore", "migrate", "names", "plain")).Good().Error);
        (await Cluster.Run("datastore", "migrate", "names", "odd")).Bad(64, "is not plain or prefixed");
    }

    /// <summary>Every key with its value.</summary>
    private async Task<Dictionary<string, string>> All()
    {
        Dictionary<string, string> all = [];
        await foreach (EtcdPage page in Cluster.Etcd.ListAsync(KeyRange.Prefix("/calico/"), Stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
                all[entry.KeyText] = Sorted(JsonNode.Parse(entry.Value.Span))!.ToJsonString();
        }
        return all;
    }

    /// <summary>The order of fields says nothing.</summary>
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Sorted(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
