using System.Text.Json.Nodes;

namespace Canal.Ctl.Tests;

/// <summary>get: what is shown, in each format.</summary>
public sealed class GetTests(Cluster cluster) : ClusterTests(cluster)
{
    /// <summary>Two policies whose values are fixed to the last byte, so that what is printed is too.</summary>
    private async Task<(long A, long B)> StorePolicies()
    {
        long a = await Cluster.Put("networkpolicies/prod/db", """
            {"kind":"NetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"db","namespace":"prod","uid":"u-1","creationTimestamp":"2026-01-02T03:04:05Z",
             "labels":{"projectcalico.org/tier":"default"},"annotations":{"projectcalico.org/metadata":"{\"name\":\"db\"}","owner":"net<ops>&co"}},
             "spec":{"tier":"default","order":10.5,"selector":"app == 'db'","types":["Ingress"],
              "ingress":[{"action":"Allow","protocol":"TCP","source":{"selector":"role in {'a', \"b\"} && !has(c)"},"destination":{"ports":[5432,"8000:8100","yes"]}}]}}
            """);
        long b = await Cluster.Put("networkpolicies/default/default.old", """
            {"kind":"NetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"default.old","namespace":"default","uid":"u-2","creationTimestamp":null},
             "spec":{"selector":"","types":["Ingress","Egress"]}}
            """);
        return (a, b);
    }

    private async Task<string> Get(params string[] words) => (await Cluster.Run(["get", .. words])).Good().Output;

    [Fact]
    public async Task A_table_shows_the_columns_of_the_kind()
    {
        await StorePolicies();
        Assert.Equal("NAME  TIER     ORDER  SELECTOR\ndb    default  10.5   app == 'db'\n", await Get("networkpolicy", "-n", "prod"));
        Assert.Equal("NAME  TIER  ORDER  SELECTOR\nold   -     -      -\n", await Get("networkpolicy"));
    }

    [Fact]
    public async Task A_wide_table_of_all_namespaces_shows_more()
    {
        await StorePolicies();
        Assert.Equal(
            "NAMESPACE  NAME  TIER     ORDER  SELECTOR     TYPES\ndefault    old   -        -      -            Ingress,Egress\nprod       db    default  10.5   app == 'db'  Ingress\n",
            await Get("np", "-A", "-o", "wide"));
        Assert.Equal(await Get("np", "-A", "-o", "wide"), await Get("np", "-a", "-o", "wide"));
    }

    [Fact]
    public async Task Names_can_be_given_back_to_get_and_delete()
    {
        await StorePolicies();
        Assert.Equal("networkpolicy/default/old\nnetworkpolicy/prod/db\n", await Get("np", "-A", "-o", "name"));
        Assert.Equal("networkpolicy/db\n", await Get("np", "-n", "prod", "-o", "name"));
        Assert.Equal(await Get("np", "-A", "-o", "wide"), await Get("networkpolicy/default/old", "networkpolicy/prod/db", "-o", "wide"));
    }

    [Fact]
    public async Task YAML_of_one_object()
    {
        (long revision, _) = await StorePolicies();
        Assert.Equal($$"""
            apiVersion: projectcalico.org/v3
            kind: NetworkPolicy
            metadata:
              name: db
              namespace: prod
              uid: u-1
              creationTimestamp: '2026-01-02T03:04:05Z'
              labels:
                projectcalico.org/tier: default
              resourceVersion: '{{revision}}'
              annotations:
                owner: net<ops>&co
            spec:
              tier: default
              order: 10.5
              selector: app == 'db'
              types:
              - Ingress
              ingress:
              - action: Allow
                protocol: TCP
                source:
                  selector: role in {'a', "b"} && !has(c)
                destination:
                  ports:
                  - 5432
                  - '8000:8100'
                  - 'yes'

            """, await Get("np", "db", "-n", "prod", "-o", "yaml"));
        Assert.Equal(await Get("np", "db", "-n", "prod", "-o", "yaml"), await Get("np", "db", "-n", "prod", "-o", "yml"));
    }

    [Fact]
    public async Task JSON_of_a_list_says_at_which_revision()
    {
        (long _, long revision) = await StorePolicies();
        Assert.Equal($$"""
            {
              "apiVersion": "projectcalico.org/v3",
              "kind": "NetworkPolicyList",
              "metadata": {
                "resourceVersion": "{{revision}}"
              },
              "items": [
                {
                  "apiVersion": "projectcalico.org/v3",
                  "kind": "NetworkPolicy",
                  "metadata": {
                    "name": "old",
                    "namespace": "default",
                    "uid": "u-2",
                    "creationTimestamp": null,
                    "resourceVersion": "{{revision}}"
                  },
                  "spec": {
                    "selector": "",
                    "types": [
                      "Ingress",
                      "Egress"
                    ]
                  }
                }
              ]
            }

            """, await Get("np", "-o", "json"));
    }

    [Fact]
    public async Task A_list_of_none_is_an_empty_list_and_a_header()
    {
        Assert.Equal("NAME  NETS\n", await Get("gns"));
        Assert.Equal("", await Get("gns", "-o", "name"));
        Assert.Empty(JsonNode.Parse(await Get("gns", "-o", "json"))!["items"]!.AsArray());
    }

    [Fact]
    public async Task What_is_missing_is_named_and_the_rest_is_shown()
    {
        await StorePolicies();
        ProgramRun run = (await Cluster.Run("get", "np", "old", "nix")).Bad(1, "NetworkPolicy default/nix: does not exist");
        Assert.Contains("old ", run.Output, StringComparison.Ordinal);
        (await Cluster.Run("get", "tier", "nix")).Bad(1, "Tier nix: does not exist");
    }

    [Fact]
    public async Task What_cannot_be_read_is_named_and_the_rest_is_shown()
    {
        await Cluster.Put("globalnetworksets/good", """{"kind":"GlobalNetworkSet","apiVersion":"projectcalico.org/v3","metadata":{"name":"good"},"spec":{"nets":["10.0.0.0/8"]}}""");
        await Cluster.Put("globalnetworksets/bad", "not json\x1b[31m");
        await Cluster.Put("globalnetworksets/deep/er", "{}");
        ProgramRun run = (await Cluster.Run("get", "gns")).Good();
        Assert.Equal("NAME  NETS\ngood  10.0.0.0/8\n", run.Output);
        Assert.Contains("GlobalNetworkSet bad: cannot be shown: the stored value is not JSON", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_resources_that_documents_name_are_shown()
    {
        await StorePolicies();
        ProgramRun run = (await Cluster.RunOn(
            "{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: db, namespace: prod}}\n---\n{apiVersion: projectcalico.org/v3, kind: Tier, metadata: {name: default}}",
            "get", "-o", "name")).Good();
        Assert.Equal("networkpolicy/prod/db\ntier/default\n", run.Output);
    }

    [Fact]
    public async Task Export_leaves_out_what_belongs_to_this_cluster()
    {
        await StorePolicies();
        JsonNode metadata = JsonNode.Parse(await Get("np", "db", "-n", "prod", "-o", "json", "--export"))!["metadata"]!;
        Assert.Equal("""{"name":"db","namespace":"prod","labels":{"projectcalico.org/tier":"default"},"annotations":{"owner":"net\u003Cops\u003E\u0026co"}}""", metadata.ToJsonString());
    }

    /// <summary>The words of calicoctl 3.32 (its resource manager's tables) and kubectl's short names of Calico's own resource definitions.</summary>
    public static TheoryData<string, string> Words => new()
    {
        { "NetworkPolicy", "networkpolicy networkpolicies policy np policies pol pols nps caliconetworkpolicy" },
        { "GlobalNetworkPolicy", "globalnetworkpolicy globalnetworkpolicies gnp gnps GLOBALNETWORKPOLICY globalNetworkPolicy" },
        { "StagedNetworkPolicy", "stagednetworkpolicy stagednetworkpolicies snp snps" },
        { "StagedGlobalNetworkPolicy", "stagedglobalnetworkpolicy stagedglobalnetworkpolicies sgnp sgnps" },
        { "StagedKubernetesNetworkPolicy", "stagedkubernetesnetworkpolicy stagedkubernetesnetworkpolicies sknp sknps" },
        { "Tier", "tier tiers" },
        { "Profile", "profile profiles pro pros" },
        { "WorkloadEndpoint", "workloadendpoint workloadendpoints wep weps" },
        { "HostEndpoint", "hostendpoint hostendpoints hep heps" },
        { "NetworkSet", "networkset networksets netset netsets netsets" },
        { "GlobalNetworkSet", "globalnetworkset globalnetworksets gnetsets" },
        { "IPPool", "ippool ippools ipp ipps pool pools" },
        { "IPReservation", "ipreservation ipreservations reservation reservations" },
        { "BGPConfiguration", "bgpconfiguration bgpconfigurations bgpconfig bgpconfigs" },
        { "BGPPeer", "bgppeer bgppeers bgpp bgpps bgp" },
        { "BGPFilter", "bgpfilter bgpfilters" },
        { "Node", "node nodes no nos" },
        { "FelixConfiguration", "felixconfiguration felixconfigurations felixconfig felixconfigs" },
        { "ClusterInformation", "clusterinformation clusterinformations clusterinfo clusterinfos" },
        { "CalicoNodeStatus", "caliconodestatus caliconodestatuses" },
        { "KubeControllersConfiguration", "kubecontrollersconfiguration kubecontrollersconfigurations kubecontrollersconfig kubecontrollersconfigs" },
        { "IPAMConfiguration", "ipamconfiguration ipamconfigurations ipamconfig ipamconfigs" },
        { "BlockAffinity", "blockaffinity blockaffinities affinity affinities" },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void Every_word_that_operators_know_for_a_kind_is_understood(string kind, string words)
    {
        foreach (string word in words.Split(' '))
            Assert.Equal(kind, KindWords.Find(word).Name);
    }

    [Theory]
    [InlineData("'gadgets' is not a kind of resource", "get", "gadgets")]
    [InlineData("'ndoes' is not a kind of resource (did you mean nodes?)", "get", "ndoes")]
    [InlineData("-A goes neither with names nor with -n", "get", "np", "x", "-A")]
    [InlineData("a Tier has no namespace", "get", "tier", "x", "-n", "y")]
    [InlineData("'toml' is not table, wide, yaml, json, name, custom-columns=... or jsonpath=...", "get", "tier", "-o", "toml")]
    [InlineData("go templates are not understood: use -o jsonpath=", "get", "tier", "-o", "go-template={{.}}")]
    [InlineData("there is no option --frobnicate", "get", "tier", "--frobnicate")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("name either a kind", "get")]
    [InlineData("-f FILE is missing", "apply")]
    [InlineData("--timeout: 'soon' is not a duration", "get", "tier", "--timeout", "soon")]
    [InlineData("name either a kind and names, or -f FILE", "delete")]
    [InlineData("a name is missing", "delete", "tier")]
    public async Task Wrong_usage_ends_with_64_and_says_what_is_wrong(string said, params string[] words) =>
        (await ProgramRun.Of(words)).Bad(64, said, "canalctl: see canalctl --help");
}
