using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario40Tests
{
    private const string Root = "/calico/resources/v3/projectcalico.org/";

    [Fact]
    public async Task Policies_as_each_release_stores_them_are_all_enforced()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource FromW1(string name) => Calico.GlobalNetworkPolicy(name).Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'"));
        Resource withAnnotation = FromW1("foo").StoredAs("default.foo").Metadata("annotations", new JsonObject { ["projectcalico.org/metadata"] = """{"name":"foo"}""" });
        foreach (Resource policy in new[] { FromW1("foo").StoredAs("default.foo"), withAnnotation, FromW1("foo") })
        {
            await rig.Put(policy);
            await rig.Round("w1→w0 ✓", "w2→w0 ✗");
            await rig.Delete(policy);
            await rig.Round("w1→w0 ✓", "w2→w0 ✓");
        }

        // From different eras, on one cluster: two policies, both of which count.
        await rig.Put(FromW1("foo").StoredAs("default.foo").Order(1), Calico.GlobalNetworkPolicy("foo").Order(2).Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w2'")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✗");
        await rig.Delete(FromW1("foo"));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗");
    }

    [Fact]
    public async Task A_policy_of_the_first_releases_has_neither_tier_nor_types_and_empty_entities()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Etcd.Put(Root + "networkpolicies/default/default.old", """
            {"kind":"NetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"default.old","namespace":"default","uid":"e0f2c3d4-1111-4222-8333-000000000001","creationTimestamp":null},
             "spec":{"order":10,"ingress":[{"action":"Allow","protocol":"TCP","source":{"selector":"name == 'w1'"},"destination":{"ports":["8055"]}}],
                     "egress":[{"action":"Allow","source":{},"destination":{"selector":"name == 'w2'"}}],"selector":"name == 'w0'"}}
            """);
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "udp w1→w0 ✗", "w0→w2 ✓", "w0→w1 ✗", "udp w0→w2 ✓");
    }

    [Fact]
    public async Task Endpoint_names_with_doubled_dashes_belong_to_the_right_host()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Delete(rig.Endpoint("w0"));
        await rig.Round("x→w1 ✓");
        await rig.Etcd.Put(Root + "workloadendpoints/prod/h1-k8s-my--pod-eth0", """
            {"kind":"WorkloadEndpoint","apiVersion":"projectcalico.org/v3",
             "metadata":{"name":"h1-k8s-my--pod-eth0","namespace":"prod","uid":"e0f2c3d4-1111-4222-8333-000000000002","creationTimestamp":"2021-03-04T05:06:07Z",
              "labels":{"app":"pod","projectcalico.org/namespace":"prod","projectcalico.org/orchestrator":"k8s"}},
             "spec":{"orchestrator":"k8s","node":"h1","containerID":"0a1b2c3d4e5f","pod":"my-pod","endpoint":"eth0","ipNetworks":["10.65.0.10/32"],"profiles":["open"],
              "interfaceName":"caliw0","mac":"02:65:00:00:01:00"}}
            """);
        Resource elsewhere = Calico.WorkloadEndpoint("default", "h-1", "q", "caliw1", "02:65:00:00:01:09", "10.65.0.19/32").Profiles("closed");
        Assert.EndsWith("/default/h--1-cni-q-eth0", elsewhere.Key, StringComparison.Ordinal);
        await rig.Put(elsewhere);
        await rig.Put(Calico.NetworkPolicy("prod", "pods").Selecting("app == 'pod'").In(Rule.Allow.SrcNets("10.65.0.11/32")));
        await rig.Round("w1→w0 ✓", "x→w0 ✗", "x→w1 ✓");
        Assert.Equal("", Routes.Of(rig["h1"], "10.65.0.19"));
        Assert.True(File.Exists(Path.Combine(rig.Agent().StatusFolder, "k8s prod%2Fmy-pod eth0")), $"no status file in {rig.Agent().StatusFolder}");
    }

    [Fact]
    public async Task Old_sparse_and_unknown_objects_disturb_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Etcd.Put(Root + "ippools/old", """{"kind":"IPPool","apiVersion":"projectcalico.org/v3","metadata":{"name":"old","uid":"e0f2c3d4-1111-4222-8333-000000000003"},"spec":{"cidr":"10.66.0.0/16"}}""");
        await rig.Etcd.Put(Root + "tiers/unordered", """{"kind":"Tier","apiVersion":"projectcalico.org/v3","metadata":{"name":"unordered","creationTimestamp":null},"spec":{},"status":{}}""");
        await rig.Etcd.Put(Root + "widgets/gear", """{"kind":"Widget","apiVersion":"projectcalico.org/v9","spec":{"teeth":12}}""");
        await rig.Etcd.Put("/calico/ipam/v2/assignment/ipv4/block/10.65.0.0-30", """
            {"cidr":"10.65.0.0/30","affinity":"host:h1","allocations":[0,null,null,null],"unallocated":[2,3,1],"attributes":[{"handle_id":"k8s-pod.77","secondary":null}],
             "sequenceNumber":18446744073709551614,"sequenceNumberForAllocation":{"0":18446744073709551613},"deleted":false}
            """);
        await rig.Etcd.Put("/calico/ipam/v2/virtual/load-balancer/ipv4/block/10.66.0.0-26", """{"state":"confirmed","deleted":false}""");
        await rig.StartAgents();
        Resource future = Calico.GlobalNetworkPolicy("future").Tier("unordered").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'"))
            .Spec("quantumEntanglement", new JsonObject { ["spin"] = "up" });
        await rig.Put(future);
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "w1↔w2 ✓");
        rig.Agent().AssertRunning();
    }

    [Fact]
    public async Task An_agent_waits_while_cluster_information_does_not_say_ready()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(Calico.ClusterInformation(ready: true).Spec("datastoreReady", null));
        using KernelWatch watch = new(rig["h1"].Netns);
        await watch.Settle();
        rig.Agent().Start();
        await Poll.Until(async () => await rig.Agent().Health("/liveness") is 200 or 204, TimeSpan.FromSeconds(30), () => $"not live; {rig.Agent().Story}");
        await Task.Delay(1500);
        Assert.Empty(watch.Stop());

        await rig.Put(Calico.ClusterInformation(ready: true));
        await rig.Round("w0↔w1 ✓");
    }
}
