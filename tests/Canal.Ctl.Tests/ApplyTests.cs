using System.Text.Json.Nodes;

namespace Canal.Ctl.Tests;

/// <summary>apply, create and replace: what is stored, and what is refused.</summary>
public sealed class ApplyTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Corp = "{apiVersion: projectcalico.org/v3, kind: GlobalNetworkSet, metadata: {name: corp}, spec: {nets: [10.0.0.0/8]}}";

    [Fact]
    public async Task Documents_of_YAML_JSON_and_lists_are_all_stored()
    {
        ProgramRun run = await Cluster.Apply("""
            # a comment first
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: a.scan}
            spec: {tier: a, selector: all()}
            ---
            ---
            {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "a"}, "spec": {"order": 7}}
            ---
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: projectcalico.org/v3, kind: Profile, metadata: {name: p}}
            ---
            apiVersion: projectcalico.org/v3
            kind: NetworkSetList
            items:
            - metadata: {name: inner, namespace: prod}
              spec: {nets: [192.0.2.7]}
            """);
        Assert.Equal(["globalnetworkpolicies/a.scan", "networksets/prod/inner", "profiles/p", "tiers/a", "tiers/default"], await Cluster.Keys());
        Assert.Equal(
            "created Tier a\ncreated GlobalNetworkPolicy a.scan\ncreated Profile p\ncreated NetworkSet prod/inner\n", run.Error);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task A_JSON_array_and_several_files_and_a_folder_are_read()
    {
        using TemporaryFolder folder = new();
        string array = folder.Write("array.json", """[{"apiVersion":"projectcalico.org/v3","kind":"Profile","metadata":{"name":"one"}}]""");
        folder.Write("sub/b.yml", "{apiVersion: projectcalico.org/v3, kind: Profile, metadata: {name: two}}");
        folder.Write("sub/a.yaml", "{apiVersion: projectcalico.org/v3, kind: Profile, metadata: {name: three}}");
        folder.Write("sub/notes.txt", "not: a resource");
        folder.Write("sub/deeper/c.json", """{"apiVersion":"projectcalico.org/v3","kind":"Profile","metadata":{"name":"four"}}""");
        string sub = Path.Combine(folder.Path, "sub");
        (await Cluster.Run("apply", "-f", array, "-f", sub)).Good();
        Assert.Equal(["profiles/one", "profiles/three", "profiles/two"], (await Cluster.Keys()).Where(key => key.StartsWith("profiles/", StringComparison.Ordinal)));
        (await Cluster.Run("apply", "-R", "-f", sub)).Good();
        Assert.NotNull(await Cluster.Stored("profiles/four"));
    }

    [Fact]
    public async Task A_new_object_gets_uid_and_time_and_the_defaults_of_the_data_model()
    {
        DateTime before = DateTime.UtcNow.AddSeconds(-2);
        await Cluster.Apply("{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: db}, spec: {selector: \"a == 'b'\", egress: [{action: Allow}]}}");
        JsonNode stored = (await Cluster.Stored("networkpolicies/default/db"))!;
        JsonNode metadata = stored["metadata"]!;
        Assert.True(Guid.TryParse((string?)metadata["uid"], out Guid uid) && uid != Guid.Empty);
        string time = (string)metadata["creationTimestamp"]!;
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", time);
        Assert.InRange(DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToUniversalTime(), before, DateTime.UtcNow.AddSeconds(2));
        Assert.Equal("default", (string?)stored["spec"]!["tier"]);
        Assert.Equal("""["Egress"]""", stored["spec"]!["types"]!.ToJsonString());
        Assert.Equal("default", (string?)metadata["labels"]!["projectcalico.org/tier"]);
        Assert.Equal("""{"name":"db"}""", (string?)metadata["annotations"]!["projectcalico.org/metadata"]);
        Assert.Null(metadata["resourceVersion"]);
    }

    [Fact]
    public async Task Reading_changing_and_writing_back_keeps_what_a_later_release_put_there()
    {
        await Cluster.Put("globalnetworkpolicies/g", """
            {"kind":"GlobalNetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"g","uid":"u-1","creationTimestamp":"2026-01-02T03:04:05Z",
             "generation":3,"finalizers":["x/y"],"labels":{"old":"1"}},"spec":{"tier":"default","order":5,"selector":"all()","types":["Ingress"],"future":{"a":[1]}},
             "status":{"conditions":[]},"later":true}
            """);
        await Cluster.Apply("{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: g, uid: mine}, spec: {selector: has(x)}}");
        JsonNode stored = (await Cluster.Stored("globalnetworkpolicies/g"))!;
        Assert.Equal("u-1", (string?)stored["metadata"]!["uid"]);
        Assert.Equal("2026-01-02T03:04:05Z", (string?)stored["metadata"]!["creationTimestamp"]);
        Assert.Equal(3, (int)stored["metadata"]!["generation"]!);
        Assert.Equal("""["x/y"]""", stored["metadata"]!["finalizers"]!.ToJsonString());
        Assert.Equal("""{"a":[1]}""", stored["spec"]!["future"]!.ToJsonString());
        Assert.Equal("has(x)", (string?)stored["spec"]!["selector"]);
        Assert.NotNull(stored["status"]);
        Assert.True((bool)stored["later"]!);
        // What the document leaves out is taken away, as with calicoctl's apply.
        Assert.Null(stored["spec"]!["order"]);
        Assert.Null(stored["metadata"]!["labels"]!["old"]);
    }

    [Fact]
    public async Task Output_of_get_is_input_of_apply_and_changes_nothing()
    {
        await Cluster.Apply(Corp);
        long revision = await Cluster.Revision("globalnetworksets/corp");
        foreach (string format in (string[])["yaml", "json"])
        {
            string shown = (await Cluster.Run("get", "gns", "corp", "-o", format)).Good().Output;
            Assert.Equal("unchanged GlobalNetworkSet corp\n", (await Cluster.Apply(shown)).Error);
            string list = (await Cluster.Run("get", "gns", "-o", format)).Good().Output;
            Assert.Equal("unchanged GlobalNetworkSet corp\n", (await Cluster.Apply(list)).Error);
        }
        Assert.Equal(revision, await Cluster.Revision("globalnetworksets/corp"));
    }

    [Fact]
    public async Task A_document_that_names_a_revision_is_written_over_that_one_only()
    {
        string at(long revision) => $"{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkSet, metadata: {{name: corp, resourceVersion: '{revision}'}}, spec: {{nets: [10.{revision % 200}.0.0/16]}}}}";
        (await Cluster.RunOn(at(5), "apply")).Bad(1, "metadata.resourceVersion: is given, and the resource is gone", "nothing was written");
        (await Cluster.RunOn(at(5), "create")).Bad(1, "metadata.resourceVersion: must not be given for what is to be created");
        await Cluster.Apply(Corp);
        long first = await Cluster.Revision("globalnetworksets/corp");
        await Cluster.Apply(at(first));
        long second = await Cluster.Revision("globalnetworksets/corp");
        Assert.True(second > first);
        (await Cluster.RunOn(at(first), "replace")).Bad(1, $"metadata.resourceVersion: is {first}, and the resource has changed since, at {second}");
        Assert.Equal(second, await Cluster.Revision("globalnetworksets/corp"));
        (await Cluster.RunOn(Corp.Replace("name: corp", "name: corp, resourceVersion: abc", StringComparison.Ordinal), "apply"))
            .Bad(1, "metadata.resourceVersion: 'abc' is not a revision of etcd");
    }

    [Fact]
    public async Task Create_and_replace_insist_on_what_they_say()
    {
        (await Cluster.RunOn(Corp, "replace")).Bad(1, "standard input, document 1: GlobalNetworkSet corp: does not exist", "nothing was written");
        (await Cluster.RunOn(Corp, "create")).Good();
        (await Cluster.RunOn(Corp, "create")).Bad(1, "standard input, document 1: GlobalNetworkSet corp: exists already");
        Assert.Equal("skipped GlobalNetworkSet corp: exists already\n", (await Cluster.RunOn(Corp, "create", "--skip-exists")).Good().Error);
        (await Cluster.RunOn(Corp.Replace("10.0.0.0/8", "192.0.2.0/24", StringComparison.Ordinal), "replace")).Good();
        Assert.Equal("""["192.0.2.0/24"]""", (await Cluster.Stored("globalnetworksets/corp"))!["spec"]!["nets"]!.ToJsonString());
    }

    [Fact]
    public async Task One_bad_document_keeps_all_from_being_written_and_each_fault_is_told_with_its_place()
    {
        (await Cluster.RunOn("""
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkSet
            metadata: {name: good}
            ---
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkSet
            metadata: {name: Bad}
            spec: {nets: [10.0.0.0/33], nett: []}
            ---
            apiVersion: projectcalico.org/v2
            kind: GlobalNetworkSett
            metadata: {name: x}
            ---
            apiVersion: projectcalico.org/v3
            kind: NetworkPolicy
            spec: {}
            """, "apply")).Bad(
            1,
            "standard input, document 2: GlobalNetworkSet Bad: metadata.name: 'Bad' is not a name for a GlobalNetworkSet",
            "standard input, document 2: GlobalNetworkSet Bad: spec.nets[0]: '10.0.0.0/33' is not a CIDR",
            "standard input, document 2: GlobalNetworkSet Bad: spec.nett: is not a known field",
            "standard input, document 3: GlobalNetworkSett x: apiVersion: 'projectcalico.org/v2' is not projectcalico.org/v3",
            "standard input, document 3: GlobalNetworkSett x: kind: 'GlobalNetworkSett' is not a kind (did you mean GlobalNetworkSet?)",
            "standard input, document 4: NetworkPolicy: metadata: is missing",
            "nothing was written");
        Assert.Equal(["tiers/default"], await Cluster.Keys());
    }

    [Theory]
    [InlineData("a: [1", "standard input:")]
    [InlineData("kind: Tier\nkind: Node", "standard input:2:1: 'kind' is there twice")]
    [InlineData("kind: Tier\n\tname: x", "standard input:1:7: ")]
    [InlineData("kind: !!binary Tier", "standard input:1:")]
    [InlineData("kind: *unknown", "standard input:1:")]
    [InlineData("just text", "standard input, document 1: is not a resource but String")]
    [InlineData("", "standard input: no resources there")]
    [InlineData("# nothing\n---\n", "standard input: no resources there")]
    [InlineData("{\"apiVersion\":\"projectcalico.org/v3\",\"kind\":\"Tier\",\"metadata\":{\"name\":7}}", "metadata.name: is not a string; put it in quotes")]
    public async Task Text_that_cannot_be_read_is_refused_with_its_place(string text, string said) =>
        (await Cluster.RunOn(text, "apply")).Bad(1, said, "nothing was written");

    [Fact]
    public async Task A_file_that_is_not_there_is_named() =>
        (await Cluster.Run("apply", "-f", "/nonexistent/policies.yaml")).Bad(1, "/nonexistent/policies.yaml: ", "nothing was written");

    [Fact]
    public async Task Twice_the_same_resource_is_refused() =>
        (await Cluster.RunOn($"{Corp}\n---\n{Corp}", "apply")).Bad(1, "standard input, document 2: GlobalNetworkSet corp: is in standard input, document 1 too");

    [Fact]
    public async Task Namespaces_come_from_the_document_or_the_command_line_and_must_agree()
    {
        const string Set = "{apiVersion: projectcalico.org/v3, kind: NetworkSet, metadata: {name: s}}";
        const string Placed = "{apiVersion: projectcalico.org/v3, kind: NetworkSet, metadata: {name: s, namespace: a}}";
        await Cluster.Apply(Set);
        await Cluster.Apply(Set, "-n", "b");
        await Cluster.Apply(Placed);
        await Cluster.Apply(Placed, "-n", "a");
        (await Cluster.RunOn(Placed, "apply", "-n", "b")).Bad(1, "metadata.namespace: 'a' is not the 'b' of the command line");
        (await Cluster.RunOn(Corp.Replace("name: corp", "name: corp, namespace: x", StringComparison.Ordinal), "apply")).Bad(1, "metadata.namespace: a GlobalNetworkSet has no namespace");
        await Cluster.Apply(Corp, "-n", "b");
        Assert.Equal(["globalnetworksets/corp", "networksets/a/s", "networksets/b/s", "networksets/default/s", "tiers/default"], await Cluster.Keys());
    }

    [Fact]
    public async Task Names_with_dashes_and_dots_are_kept_and_those_of_endpoints_computed()
    {
        await Cluster.Apply("{apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: host-a.example.com}}");
        await Cluster.Apply("""
            apiVersion: projectcalico.org/v3
            kind: WorkloadEndpoint
            metadata: {namespace: my-team.x}
            spec: {node: host-a.example.com, orchestrator: cni, containerID: c-1, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.0.0.1/32]}
            """);
        const string Key = "workloadendpoints/my-team.x/host--a.example.com-cni-c--1-eth0";
        Assert.Contains(Key, await Cluster.Keys());
        JsonNode labels = (await Cluster.Stored(Key))!["metadata"]!["labels"]!;
        Assert.Equal("""{"projectcalico.org/namespace":"my-team.x","projectcalico.org/orchestrator":"cni"}""", labels.ToJsonString());
        (await Cluster.RunOn("""
            {apiVersion: projectcalico.org/v3, kind: WorkloadEndpoint, metadata: {name: other},
             spec: {node: a, orchestrator: cni, containerID: c, endpoint: eth0, interfaceName: cali1}}
            """, "apply")).Bad(1, "metadata.name: 'other' differs from a-cni-c-eth0, which the spec gives");
    }

    [Fact]
    public async Task A_policy_of_an_earlier_release_is_changed_where_it_is()
    {
        await Cluster.Put("globalnetworkpolicies/default.old", """
            {"kind":"GlobalNetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"default.old","uid":"u-2","creationTimestamp":"2020-01-01T00:00:00Z"},"spec":{"selector":"all()","types":["Ingress"]}}
            """);
        ProgramRun run = await Cluster.Apply("{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: old}, spec: {selector: has(a)}}");
        Assert.Equal("updated GlobalNetworkPolicy old (stored as default.old)\n", run.Error);
        Assert.Equal(["globalnetworkpolicies/default.old", "tiers/default"], await Cluster.Keys());
        JsonNode stored = (await Cluster.Stored("globalnetworkpolicies/default.old"))!;
        Assert.Equal("default.old", (string?)stored["metadata"]!["name"]);
        Assert.Equal("u-2", (string?)stored["metadata"]!["uid"]);
        Assert.Equal("""{"name":"old"}""", (string?)stored["metadata"]!["annotations"]!["projectcalico.org/metadata"]);
    }

    [Fact]
    public async Task A_policy_needs_its_tier_and_a_pool_room_of_its_own()
    {
        const string Policy = "{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: x}, spec: {tier: nowhere}}";
        string pool(string name, string cidr) => $"{{apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {{name: {name}}}, spec: {{cidr: {cidr}}}}}";
        (await Cluster.RunOn(Policy, "apply")).Bad(1, "spec.tier: there is no tier 'nowhere'");
        await Cluster.Apply(pool("a", "10.1.0.0/16"));
        (await Cluster.RunOn(pool("b", "10.1.2.0/24"), "apply")).Bad(1, "spec.cidr: 10.1.2.0/24 overlaps 10.1.0.0/16 of IPPool a");
        (await Cluster.RunOn(pool("a", "10.2.0.0/16"), "apply")).Bad(1, "spec.cidr: cannot be changed from \"10.1.0.0/16\"");
        (await Cluster.RunOn($"{pool("c", "10.3.0.0/16")}\n---\n{pool("d", "10.3.0.0/24")}", "apply")).Bad(1, "overlaps");
        Assert.Equal(["ippools/a", "tiers/default"], await Cluster.Keys());
    }

    [Fact]
    public async Task Writers_at_the_same_time_all_succeed_and_the_object_stays_one()
    {
        await Cluster.Apply(Corp);
        string? uid = (string?)(await Cluster.Stored("globalnetworksets/corp"))!["metadata"]!["uid"];
        long before = await Cluster.Revision("globalnetworksets/corp");
        ProgramRun[] runs = await Task.WhenAll(Enumerable.Range(1, 4).Select(i =>
            Task.Run(() => Cluster.RunOn(Corp.Replace("10.0.0.0/8", $"192.0.2.{i}", StringComparison.Ordinal), "apply"))));
        Assert.All(runs, run => run.Good());
        Assert.Equal(before + 4, await Cluster.Revision("globalnetworksets/corp"));
        Assert.Equal(uid, (string?)(await Cluster.Stored("globalnetworksets/corp"))!["metadata"]!["uid"]);
    }

    [Fact]
    public async Task A_stored_value_that_is_no_JSON_can_be_replaced()
    {
        await Cluster.Put("globalnetworksets/corp", "{broken");
        await Cluster.Apply(Corp);
        Assert.Equal("""["10.0.0.0/8"]""", (await Cluster.Stored("globalnetworksets/corp"))!["spec"]!["nets"]!.ToJsonString());
    }
}
