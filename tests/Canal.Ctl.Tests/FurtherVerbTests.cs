using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Hosting;

namespace Canal.Ctl.Tests;

/// <summary>validate, diff, explain, watch, completion, status, and the formats of get that take a text.</summary>
public sealed class FurtherVerbTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Sets = """
        {apiVersion: projectcalico.org/v3, kind: GlobalNetworkSet, metadata: {name: a, labels: {x.y/z: "1"}}, spec: {nets: [10.0.0.0/8, 192.0.2.1]}}
        ---
        {apiVersion: projectcalico.org/v3, kind: GlobalNetworkSet, metadata: {name: b}, spec: {nets: []}}
        """;

    private static async Task<ProgramRun> Offline(string input, params string[] words) => await ProgramRun.Of([.. words, "-f", "-", "--etcd", "http://127.0.0.1:1"], input);

    [Fact]
    public async Task Validate_needs_no_etcd_and_tells_every_fault()
    {
        Assert.Equal("valid GlobalNetworkSet a\nvalid GlobalNetworkSet b\n", (await Offline(Sets, "validate")).Good().Error);
        (await Offline(Sets.Replace("192.0.2.1", "192.0.2.300", StringComparison.Ordinal), "validate"))
            .Bad(1, "standard input, document 1: GlobalNetworkSet a: spec.nets[1]: '192.0.2.300' is not a CIDR");
        (await ProgramRun.Of(["validate"])).Bad(64, "-f FILE is missing");
    }

    [Fact]
    public async Task Diff_shows_what_apply_would_change_and_changes_nothing()
    {
        await Cluster.Apply("{apiVersion: projectcalico.org/v3, kind: GlobalNetworkSet, metadata: {name: a}, spec: {nets: [10.0.0.0/8]}}");
        long revision = await Cluster.Revision("globalnetworksets/a");
        string stored = (string)(await Cluster.Stored("globalnetworksets/a"))!["metadata"]!["uid"]!, time = (string)(await Cluster.Stored("globalnetworksets/a"))!["metadata"]!["creationTimestamp"]!;
        ProgramRun run = (await Cluster.RunOn(Sets, "diff")).Bad(3);
        Assert.Equal($$"""
            --- stored/GlobalNetworkSet a
            +++ wanted/GlobalNetworkSet a
            @@ -2,8 +2,11 @@
             kind: GlobalNetworkSet
             metadata:
               creationTimestamp: '{{time}}'
            +  labels:
            +    x.y/z: '1'
               name: a
               uid: {{(YamlScalar.IsPlainString(stored) ? stored : $"'{stored}'")}}
             spec:
               nets:
               - 10.0.0.0/8
            +  - '192.0.2.1'
            --- /dev/null
            +++ wanted/GlobalNetworkSet b
            @@ -0,0 +1,6 @@
            +apiVersion: projectcalico.org/v3
            +kind: GlobalNetworkSet
            +metadata:
            +  name: b
            +spec:
            +  nets: []

            """, run.Output);
        Assert.Equal(revision, await Cluster.Revision("globalnetworksets/a"));
        await Cluster.Apply(Sets);
        Assert.Equal("", (await Cluster.RunOn(Sets, "diff")).Good().Output);
    }

    [Theory]
    [InlineData("custom-columns=NAME,NETS", "NAME  NETS\na     10.0.0.0/8,192.0.2.1\nb     -\n")]
    [InlineData("custom-columns=Set:.metadata.name,First:.spec.nets[0],Label:.metadata.labels['x.y/z']", "Set  First       Label\na    10.0.0.0/8  1\nb    -           -\n")]
    [InlineData("jsonpath={.items[*].metadata.name}", "a b\n")]
    [InlineData("jsonpath={range .items[*]}{.metadata.name}={.spec.nets[-1]}{\"\\n\"}{end}", "a=192.0.2.1\nb=\n")]
    [InlineData("jsonpath={.kind}: {.items[0].spec}", "GlobalNetworkSetList: {\"nets\":[\"10.0.0.0/8\",\"192.0.2.1\"]}\n")]
    public async Task Values_are_picked_out(string format, string expected)
    {
        await Cluster.Apply(Sets);
        Assert.Equal(expected, (await Cluster.Run("get", "gns", "-o", format)).Good().Output);
    }

    [Theory]
    [InlineData("custom-columns=", "name at least one column")]
    [InlineData("custom-columns=COLOUR", "'COLOUR' is not a column of GlobalNetworkSet: NAME, NAMESPACE, NETS, LABELS")]
    [InlineData("jsonpath={.a", "has a { without a }")]
    [InlineData("jsonpath={..a}", "descends with '..'")]
    [InlineData("jsonpath={.a[?(@.b)]}", "where only an index, * or a quoted name is understood")]
    [InlineData("jsonpath={range .a}", "has a {range} without an {end}")]
    [InlineData("jsonpath={end}", "has an {end} without a {range}")]
    public async Task Templates_that_are_not_understood_are_refused(string format, string said) =>
        (await Cluster.Run("get", "gns", "-o", format)).Bad(64, said);

    [Fact]
    public async Task Explain_shows_fields_and_says_what_they_mean()
    {
        Assert.Equal("""
            Tier spec

              order          Where it stands: lower numbers first; without one last. Ties go by name.
              defaultAction  What becomes of packets of endpoints that policies of the tier select and none of them decided: Deny or Pass.

            """, (await ProgramRun.Of(["explain", "tier"])).Good().Output);
        string source = (await ProgramRun.Of(["explain", "np.spec.ingress.source"])).Good().Output;
        Assert.StartsWith("NetworkPolicy spec.ingress.source (in a namespace)\n  What the packet comes from; all that is given has to match.\n\n  nets ", source, StringComparison.Ordinal);
        Assert.Contains("\n  services.  ", source, StringComparison.Ordinal);
        Assert.Equal(source, (await ProgramRun.Of(["explain", "networkpolicies.ingress[].source"])).Good().Output);
        (await ProgramRun.Of(["explain", "np.ingres"])).Bad(64, "NetworkPolicy has no field spec.ingres (did you mean ingress?)");
        (await ProgramRun.Of(["explain", "gadget"])).Bad(64, "'gadget' is not a kind of resource");
    }

    [Fact]
    public async Task Every_field_of_the_common_kinds_is_explained()
    {
        foreach (string kind in (string[])["np", "gnp", "tier", "profile", "wep", "hep", "netset", "gns", "ippool", "ipreservation", "bgpconfig", "bgppeer", "bgpfilter", "node", "clusterinfo"])
        {
            string[] lines = (await ProgramRun.Of(["explain", kind])).Good().Output.Split('\n');
            Assert.DoesNotContain(lines, line => line.EndsWith("  -", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Watch_shows_what_there_is_and_each_change_after_it_until_interrupted()
    {
        await Cluster.Apply(Sets);
        using CancellationTokenSource interrupt = new();
        using LiveText json = new(), table = new();
        Task<int> all = json.RunAsync(["watch", "gns", "-o", "json", "--etcd", Cluster.Endpoint], interrupt.Token);
        Task<int> one = table.RunAsync(["watch", "gns", "b", "--etcd", Cluster.Endpoint], interrupt.Token);
        await json.HoldsAsync("\"name\":\"b\"");
        await table.HoldsAsync("ADDED");
        (await Cluster.Run("label", "gns", "a", "new=1")).Good();
        (await Cluster.Run("delete", "gns", "b")).Good();
        await json.HoldsAsync("DELETED");
        await table.HoldsAsync("DELETED");
        await interrupt.CancelAsync();
        Assert.Equal(130, await all);
        Assert.Equal(130, await one);
        JsonNode[] events = [.. json.Text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["ADDED a", "ADDED b", "MODIFIED a", "DELETED b"], events.Select(happened => $"{happened["type"]} {happened["object"]!["metadata"]!["name"]}"));
        Assert.Equal("1", (string?)events[2]["object"]!["metadata"]!["labels"]!["new"]);
        Assert.Equal("EVENT     NAME  NETS\nADDED     b     -\nDELETED   b     -\n", table.Text);
    }

    [Fact]
    public async Task Watch_ends_well_after_the_time_it_was_given() =>
        Assert.Equal("", (await Cluster.Run("watch", "hep", "--for", "500ms")).Good().Output);

    [Fact]
    public async Task Completing_names_does_not_wait_for_an_etcd_that_hangs()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        const string line = "canalctl --timeout 1h get tiers ";
        long begun = Stopwatch.GetTimestamp();
        ProgramRun run = await ProgramRun.Of([$"[suggest:{line.Length}]", line], environment: new Dictionary<string, string> { ["ETCD_ENDPOINTS"] = $"http://{silent.LocalEndpoint}", ["CONFIGURATION_DIRECTORY"] = "/nonexistent" });
        Assert.Equal("", run.Good().Error);
        // It is 0.3 s, on a machine that does not stall; to connect may take 2 s, and the answer the hour.
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(1));
        Assert.True(silent.Pending(), "etcd was asked");
    }

    [Fact]
    public async Task Completion_scripts_ask_canalctl_which_completes_commands_kinds_and_names()
    {
        await Cluster.Apply(Sets);
        async Task<string[]> complete(string line) => (await ProgramRun.Of([$"[suggest:{line.Length}]", line], environment: new Dictionary<string, string>
        {
            ["ETCD_ENDPOINTS"] = Cluster.Endpoint,
            ["CONFIGURATION_DIRECTORY"] = "/nonexistent",
        })).Good().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("get", await complete("canalctl g"));
        Assert.Equal(["globalnetworkpolicies", "globalnetworksets"], (await complete("canalctl get glob")).Where(word => word[0] != '-'));
        Assert.Equal(["a", "b"], (await complete("canalctl get globalnetworksets ")).Where(word => word[0] != '-'));
        foreach (string shell in (string[])["bash", "zsh", "fish"])
            Assert.Contains("[suggest:", (await ProgramRun.Of(["completion", shell])).Good().Output, StringComparison.Ordinal);
        (await ProgramRun.Of(["completion", "tcsh"])).Bad(64, "'tcsh' is not bash, zsh or fish");
    }

    [Fact]
    public async Task Status_is_what_the_agent_answers_on_its_socket()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> environment = new() { ["RUNTIME_DIRECTORY"] = folder.Path };
        (await ProgramRun.Of(["status"], environment: environment)).Bad(69, $"canal-felix: nobody answers on {folder.Path}/felix.sock");
        string answer = "ready: yes\nrevision: 12\n";
        using ControlSocketServer server = ControlSocketServer.Listen(Path.Combine(folder.Path, "felix.sock"));
        using CancellationTokenSource stop = new();
        Task serving = server.RunAsync((request, _) => Task.FromResult(request == "status" ? ControlResponse.Ok(answer) : ControlResponse.Failed("what?")), stop.Token);
        Assert.Equal("ready     yes\nrevision  12\n", (await ProgramRun.Of(["status"], environment: environment)).Good().Output);
        Assert.Equal("{\n  \"ready\": \"yes\",\n  \"revision\": 12\n}\n", (await ProgramRun.Of(["status", "-o", "json"], environment: environment)).Good().Output);
        answer = "ready: no\n";
        (await ProgramRun.Of(["status"], environment: environment)).Bad(1);
        await stop.CancelAsync();
        await serving;
    }
}
