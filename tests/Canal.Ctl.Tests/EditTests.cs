using System.Text.Json.Nodes;

namespace Canal.Ctl.Tests;

/// <summary>patch and label: one resource read, changed and written back.</summary>
public sealed class EditTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Key = "hostendpoints/h";

    private Task<long> Store() => Cluster.Put(Key, """
        {"kind":"HostEndpoint","apiVersion":"projectcalico.org/v3","metadata":{"name":"h","uid":"u-1","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"role":"db"}},
         "spec":{"node":"a","interfaceName":"eth0","expectedIPs":["192.0.2.1","192.0.2.2"],"later":{"x":1,"y":2}}}
        """);

    private async Task<string> Spec() => (await Cluster.Stored(Key))!["spec"]!.ToJsonString();

    [Fact]
    public async Task A_merge_patch_puts_in_and_takes_away()
    {
        await Store();
        ProgramRun run = (await Cluster.Run("patch", "hep", "h", "-p", """{"spec":{"interfaceName":"eth1","expectedIPs":null,"later":{"x":null}}}""")).Good();
        Assert.Equal("updated HostEndpoint h\n", run.Error);
        Assert.Equal("""{"node":"a","interfaceName":"eth1","later":{"y":2}}""", await Spec());
        Assert.Equal("u-1", (string?)(await Cluster.Stored(Key))!["metadata"]!["uid"]);
        (await Cluster.Run("patch", "hep", "h", "--type", "merge", "-p", "spec: {interfaceName: eth2}")).Good();
        Assert.Equal("""{"node":"a","interfaceName":"eth2","later":{"y":2}}""", await Spec());
    }

    [Fact]
    public async Task A_JSON_patch_does_one_operation_after_the_other()
    {
        await Store();
        (await Cluster.Run("patch", "hep/h", "--type=json", "-p", """
            [{"op":"test","path":"/spec/node","value":"a"},{"op":"add","path":"/spec/expectedIPs/-","value":"192.0.2.3"},{"op":"remove","path":"/spec/expectedIPs/0"},
             {"op":"replace","path":"/metadata/labels/role","value":"web"},{"op":"copy","from":"/metadata/labels/role","path":"/metadata/labels/a~1b"}]
            """)).Good();
        JsonNode stored = (await Cluster.Stored(Key))!;
        Assert.Equal("""["192.0.2.2","192.0.2.3"]""", stored["spec"]!["expectedIPs"]!.ToJsonString());
        Assert.Equal("""{"role":"web","a/b":"web"}""", stored["metadata"]!["labels"]!.ToJsonString());
    }

    [Theory]
    [InlineData(1, "HostEndpoint h: spec.interfaceName: 'a/b' is not an interface's name", "-p", """{"spec":{"interfaceName":"a/b"}}""")]
    [InlineData(1, "HostEndpoint h: spec.nodde: is not a known field", "-p", """{"spec":{"nodde":"x"}}""")]
    [InlineData(1, "HostEndpoint h: would become HostEndpoint other: kind, name and namespace cannot be changed", "-p", """{"metadata":{"name":"other"}}""")]
    [InlineData(1, "HostEndpoint h: --patch[1]: '/spec/nix/x' leads to nothing", "--type", "json", "-p", """[{"op":"test","path":"/spec/node","value":"a"},{"op":"add","path":"/spec/nix/x","value":1}]""")]
    [InlineData(1, "HostEndpoint h: --patch[0]: '/spec/node' is not what was expected", "--type", "json", "-p", """[{"op":"test","path":"/spec/node","value":"b"}]""")]
    [InlineData(1, "HostEndpoint h: metadata.resourceVersion: is 1, and the resource has changed since", "-p", """{"metadata":{"resourceVersion":"1"}}""")]
    [InlineData(64, "--patch: has to be an object", "-p", "[]")]
    [InlineData(64, "--patch: of type json has to be a list of operations", "--type", "json", "-p", "{}")]
    [InlineData(64, "--type: 'magic' is not strategic, merge or json", "--type", "magic", "-p", "{}")]
    [InlineData(64, "--patch:2:1: ", "-p", "{a: [")]
    public async Task A_patch_that_cannot_be_done_changes_nothing(int exitCode, string said, params string[] words)
    {
        long revision = await Store();
        (await Cluster.Run(["patch", "hep", "h", .. words])).Bad(exitCode, said);
        Assert.Equal(revision, await Cluster.Revision(Key));
    }

    [Fact]
    public async Task A_policy_of_an_earlier_release_is_patched_where_it_is()
    {
        await Cluster.Put("networkpolicies/prod/default.old", """{"kind":"NetworkPolicy","metadata":{"name":"default.old","namespace":"prod","uid":"u","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"selector":"all()"}}""");
        (await Cluster.Run("patch", "np", "old", "-n", "prod", "-p", "spec: {order: 5}")).Good();
        Assert.Equal(["networkpolicies/prod/default.old", "tiers/default"], await Cluster.Keys());
        Assert.Equal(5, (int)(await Cluster.Stored("networkpolicies/prod/default.old"))!["spec"]!["order"]!);
    }

    [Fact]
    public async Task Labels_are_put_on_changed_when_told_and_taken_off()
    {
        await Store();
        async Task<string> labels() => (await Cluster.Stored(Key))!["metadata"]!["labels"]?.ToJsonString() ?? "none";
        (await Cluster.Run("label", "hep", "h", "zone=dmz", "empty=")).Good();
        Assert.Equal("""{"empty":"","role":"db","zone":"dmz"}""", await labels());
        (await Cluster.Run("label", "hep/h", "role=web")).Bad(1, "HostEndpoint h: metadata.labels.role: is 'db' already; --overwrite changes it");
        (await Cluster.Run("label", "hep/h", "role=web", "--overwrite")).Good();
        (await Cluster.Run("label", "hep", "h", "zone", "--remove")).Good();
        (await Cluster.Run("label", "hep", "h", "empty-")).Good();
        Assert.Equal("""{"role":"web"}""", await labels());
        (await Cluster.Run("label", "hep", "h", "zone-")).Bad(1, "metadata.labels.zone: is not there");
        (await Cluster.Run("label", "hep", "h", "a b=c")).Bad(1, "'a b' is not a label's name");
        (await Cluster.Run("label", "hep", "h", "word")).Bad(64, "'word' is not KEY=VALUE or KEY-");
        (await Cluster.Run("label", "hep", "nix", "a=b")).Bad(1, "HostEndpoint nix: does not exist");
        (await Cluster.Run("label", "hep", "h")).Bad(64, "a label is missing");
    }

    [Fact]
    public async Task Editors_at_the_same_time_lose_nothing()
    {
        await Store();
        ProgramRun[] runs = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => Task.Run(() => Cluster.Run("label", "hep", "h", $"l{i}=x"))));
        Assert.All(runs, run => run.Good());
        Assert.Equal("""{"l1":"x","l2":"x","l3":"x","l4":"x","role":"db"}""", (await Cluster.Stored(Key))!["metadata"]!["labels"]!.ToJsonString());
    }
}
