using System.Text.Json.Nodes;

namespace Canal.Ctl.Tests;

/// <summary>init: an etcd that agents work with, and nothing changed that is there.</summary>
public sealed class InitTests(Cluster cluster) : ClusterTests(cluster)
{
    [Fact]
    public async Task An_empty_etcd_gets_the_tier_and_the_mark_and_a_second_run_changes_nothing()
    {
        await Cluster.ClearAsync();
        ProgramRun run = (await Cluster.Run("init")).Good();
        Assert.StartsWith("created Tier default\ncreated ClusterInformation default: clusterGUID ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["clusterinformations/default", "tiers/default"], await Cluster.Keys());
        JsonNode cluster = (await Cluster.Stored("clusterinformations/default"))!;
        Assert.Matches("^[0-9a-f]{32}$", (string)cluster["spec"]!["clusterGUID"]!);
        Assert.True((bool)cluster["spec"]!["datastoreReady"]!);
        Assert.Equal("""{"order":1000000,"defaultAction":"Deny"}""", (await Cluster.Stored("tiers/default"))!["spec"]!.ToJsonString());
        long revision = await Cluster.Revision("clusterinformations/default");
        Assert.StartsWith("unchanged Tier default\nunchanged ClusterInformation default", (await Cluster.Run("init")).Good().Error, StringComparison.Ordinal);
        Assert.Equal(revision, await Cluster.Revision("clusterinformations/default"));
    }

    [Fact]
    public async Task What_somebody_turned_off_stays_off_and_what_others_wrote_stays()
    {
        await Cluster.Put("clusterinformations/default", """
            {"kind":"ClusterInformation","apiVersion":"projectcalico.org/v3","metadata":{"name":"default","uid":"u","creationTimestamp":"2026-01-02T03:04:05Z"},
             "spec":{"clusterGUID":"abc","clusterType":"bm","calicoVersion":"v3.32.0","datastoreReady":false,"later":1}}
            """);
        ProgramRun run = (await Cluster.Run("init")).Good();
        Assert.Contains("clusterGUID abc, datastoreReady false - left as it is", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            """{"clusterGUID":"abc","clusterType":"bm","calicoVersion":"v3.32.0","datastoreReady":false,"later":1}""",
            (await Cluster.Stored("clusterinformations/default"))!["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task A_broken_value_is_not_overwritten()
    {
        await Cluster.Put("clusterinformations/default", "broken");
        (await Cluster.Run("init")).Bad(1, "ClusterInformation default: is not JSON", "delete it and run init again");
    }
}
