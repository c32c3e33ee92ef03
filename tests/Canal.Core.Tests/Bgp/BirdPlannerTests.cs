using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Bgp;

public sealed class BirdPlannerTests
{
    [Fact]
    public void The_same_cluster_is_the_same_value_and_the_same_text()
    {
        BirdConfiguration one = BirdPlanner.Plan(BgpSamples.Mesh(20)).Configuration, other = BirdPlanner.Plan(BgpSamples.Mesh(20)).Configuration;
        Assert.Equal(one, other);
        Assert.Equal(BirdWriter.Write(BirdDialect.Bird2, one, BirdSnippets.None), BirdWriter.Write(BirdDialect.Bird2, other, BirdSnippets.None));
    }

    [Fact]
    public void Another_node_adds_its_sessions_and_changes_nothing_else()
    {
        string before = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(BgpSamples.Mesh(5)).Configuration, BirdSnippets.None);
        string after = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(BgpSamples.Mesh(6)).Configuration, BirdSnippets.None);
        string[] added = [.. Blocks(after).Except(Blocks(before))];
        Assert.Empty(Blocks(before).Except(Blocks(after)));
        Assert.Equal(2, added.Length);
        Assert.All(added, block => Assert.StartsWith("protocol bgp Mesh_", block, StringComparison.Ordinal));
    }

    [Fact]
    public void A_session_without_its_password_is_held_down()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000,"password":{"secretKeyRef":{"name":"tor","key":"k"}}}""");
        BirdPlan without = BirdPlanner.Plan(inputs);
        BgpSession held = Assert.Single(without.Configuration.Sessions);
        Assert.Contains("tor/k is missing", held.Held, StringComparison.Ordinal);
        Assert.Contains(without.Problems, p => p.Reason.Contains("held down", StringComparison.Ordinal));
        Assert.Contains("disabled yes;", BirdWriter.Write(BirdDialect.Bird2, without.Configuration, BirdSnippets.None), StringComparison.Ordinal);

        BirdPlan with = BirdPlanner.Plan(inputs with { Passwords = new Dictionary<SecretKeyRef, BgpPassword> { [new("tor", "k")] = new("s3cret") } });
        Assert.Equal("", Assert.Single(with.Configuration.Sessions).Held);
        Assert.Contains("password \"s3cret\";", BirdWriter.Write(BirdDialect.Bird2, with.Configuration, BirdSnippets.None), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", with.Configuration.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_nodes_with_one_address_the_first_by_name_is_in_the_mesh_and_the_other_is_told_of()
    {
        BgpInputs inputs = new()
        {
            NodeName = "a",
            Nodes = BgpSamples.Named(BgpSamples.Node("a", "10.0.0.1/24"), BgpSamples.Node("twin", "10.0.0.2/24", more: ",\"asNumber\":65001"), BgpSamples.Node("b", "10.0.0.2/24"), BgpSamples.Node("me-too", "10.0.0.1/24")),
            Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("node.twin", """{"listenPort":1790}""")),
        };
        BirdPlan plan = BirdPlanner.Plan(inputs);
        BgpSession session = Assert.Single(plan.Configuration.Sessions);
        Assert.Equal(("Mesh_10_0_0_2", "node b", null), (session.Name, session.Description, session.Port));
        Assert.Equal(["me-too", "twin"], plan.Problems.Select(p => p.Key.Name));
    }

    [Fact]
    public void That_a_peer_speaks_of_a_node_of_the_mesh_is_no_problem()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.0.0.2","asNumber":64512}""");
        inputs = inputs with { Nodes = BgpSamples.Named([.. inputs.Nodes.Values, BgpSamples.Node("b", "10.0.0.2/24")]) };
        BirdPlan plan = BirdPlanner.Plan(inputs);
        Assert.Equal("Global_10_0_0_2", Assert.Single(plan.Configuration.Sessions).Name);
        Assert.Empty(plan.Problems);
    }

    [Fact]
    public void The_mesh_without_its_password_is_held_down_and_that_is_one_problem()
    {
        BgpInputs inputs = BgpSamples.Mesh(5) with { Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"nodeMeshPassword":{"secretKeyRef":{"name":"mesh","key":"k"}}}""")) };
        BirdPlan plan = BirdPlanner.Plan(inputs);
        Assert.All(plan.Configuration.Sessions, s => Assert.NotEqual("", s.Held));
        Assert.Equal(ResourceKind.BGPConfiguration, Assert.Single(plan.Problems).Key.Kind);
        Assert.Empty(BirdPlanner.Plan(inputs with { Passwords = new Dictionary<SecretKeyRef, BgpPassword> { [new("mesh", "k")] = new("x") } }).Problems);
    }

    [Fact]
    public void Advertised_prefixes_come_last_in_the_kernel()
    {
        BgpInputs inputs = BgpSamples.Mesh(2) with { Choices = new BgpChoices { AdvertisedPrefixes = [Cidr.Parse("203.0.113.0/24")] } };
        string text = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(inputs).Configuration, BirdSnippets.None);
        Assert.Contains("route 203.0.113.0/24 blackhole;", text, StringComparison.Ordinal);
        Assert.Contains("if source = RTS_STATIC && net ~ [ 203.0.113.0/24 ] then krt_metric = 2147483647;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Snippets_stand_each_at_its_place_and_are_found_again_in_the_file()
    {
        BirdSnippet[] files =
        [
            new("definitions-a.conf", "define A = 1;\n"), new("export-ipv4.conf", "# x4\n"), new("export-ipv6-b.conf", "# x6"), new("import-ipv4.conf", "# i4\n"), new("import-ipv6.conf", "# i6\n"),
            new("kernel-ipv4.conf", "# k4\n"), new("kernel-ipv6.conf", "# k6\n"), new("mine.conf", ""), new("sessions.conf", "# s\n# snippet x\n"),
        ];
        string text = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(BgpSamples.Mesh(2)).Configuration, BirdSnippets.Of(files));
        Assert.Equal(files.Select(f => f with { Text = f.Text is "# x6" ? "# x6\n" : f.Text }), BirdSnippet.ReadBack(text));
        foreach (string cut in (string[])["", "# snippet ", "# snippet a", "# snippet a\nb", text[..(text.Length / 2)]]) BirdSnippet.ReadBack(cut);
    }

    [Fact]
    public void A_password_that_Bird_cannot_take_holds_the_session_down_and_is_not_told()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000,"password":{"secretKeyRef":{"name":"tor","key":"k"}}}""");
        BirdPlan plan = BirdPlanner.Plan(inputs with { Passwords = new Dictionary<SecretKeyRef, BgpPassword> { [new("tor", "k")] = new("x\"; import all; #") } });
        Assert.NotEqual("", Assert.Single(plan.Configuration.Sessions).Held);
        Assert.DoesNotContain("import all; #", BirdWriter.Write(BirdDialect.Bird2, plan.Configuration, BirdSnippets.None), StringComparison.Ordinal);
        Assert.All(plan.Problems, p => Assert.DoesNotContain("import all; #", p.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Of_two_peers_for_one_neighbour_the_first_by_name_counts_and_the_other_is_told_of()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000}""") with { };
        inputs = inputs with { Peers = BgpSamples.Named([.. inputs.Peers.Values, BgpSamples.Decode<BgpPeer>("another", """{"peerIP":"10.9.9.9","asNumber":65001}""")]) };
        BirdPlan plan = BirdPlanner.Plan(inputs);
        Assert.Equal(65001u, Assert.Single(plan.Configuration.Sessions).RemoteAs);
        Assert.Contains(plan.Problems, p => p.Key.Name == "peer" && p.Reason.Contains("same neighbour and port", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_missing_filter_is_told_of_and_rejects_where_that_is_chosen(bool rejects)
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000,"filters":["nowhere"]}""");
        BirdPlan plan = BirdPlanner.Plan(inputs with { Choices = new BgpChoices { RejectWhereFilterIsMissing = rejects } });
        Assert.Contains(plan.Problems, p => p.Reason.Contains("no BGPFilter nowhere", StringComparison.Ordinal));
        Assert.Equal(rejects, Assert.Single(plan.Configuration.Sessions).ImportFilters.Contains("nowhere"));
    }

    [Fact]
    public void A_filter_that_was_refused_lets_nothing_pass()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000,"filters":["bad"]}""") with { RefusedFilters = new HashSet<string> { "bad" } };
        string text = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(inputs).Configuration, BirdSnippets.None);
        Assert.Contains("function 'export4.bad'(bool same_as) {\n  reject;\n}", text, StringComparison.Ordinal);
        Assert.Contains("'export4.bad'(false);", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_without_an_IPv4_address_has_a_router_id_made_from_its_name()
    {
        BgpInputs inputs = new() { NodeName = "six", Nodes = BgpSamples.Named(BgpSamples.Decode<Node>("six", """{"bgp":{"ipv6Address":"fd00::1/64"}}""")) };
        IpAddress id = BirdPlanner.Plan(inputs).Configuration.RouterId;
        Assert.Equal(IpFamily.V4, id.Family);
        Assert.NotEqual(IpAddress.FromV4(0), id);
        Assert.True(id.V4 >> 24 <= 223);
    }

    [Fact]
    public void With_listen_addresses_every_session_listens_on_one_of_them()
    {
        BgpInputs inputs = WithPeer("""{"peerIP":"10.9.9.9","asNumber":65000,"sourceAddress":"None"}""");
        inputs = inputs with { Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"bindMode":"NodeIP","nodeToNodeMeshEnabled":false}""")) };
        string text = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(inputs).Configuration, BirdSnippets.None);
        Assert.Contains("strict bind on;", text, StringComparison.Ordinal);
        Assert.Contains("local 10.0.0.1 port 179 as 64512;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_workloads_call_their_host_is_bound_before_the_address_is_there()
    {
        BgpInputs inputs = WithPeer("""{"localWorkloadSelector":"all()","asNumber":65401}""");
        inputs = inputs with
        {
            Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"bindMode":"NodeIP","localWorkloadPeeringIPV4":"169.254.0.179"}""")),
            WorkloadPeers = [new WorkloadPeer(Assert.Single(inputs.Peers.Keys), IpAddress.Parse("192.168.0.5"), null)],
        };
        string text = BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(inputs).Configuration, BirdSnippets.None);
        Assert.Contains("local 169.254.0.179 port 179 as 64512;", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("free bind on;").Length);
    }

    [Fact]
    public void Narrow_pools_are_judged_before_wide_ones()
    {
        BgpInputs inputs = BgpSamples.Mesh(2) with
        {
            Pools = BgpSamples.Named(BgpSamples.Decode<IpPool>("wide", """{"cidr":"10.64.0.0/10"}"""), BgpSamples.Decode<IpPool>("narrow", """{"cidr":"10.65.0.0/16","vxlanMode":"Always"}""")),
        };
        EquatableArray<KernelPool> pools = BirdPlanner.Plan(inputs).Configuration.V4.KernelPools;
        Assert.Equal([new KernelPool(Cidr.Parse("10.65.0.0/16"), PoolRoute.LeaveToAgent), new KernelPool(Cidr.Parse("10.64.0.0/10"), PoolRoute.Plain)], pools);
    }

    private static BgpInputs WithPeer(string spec) => new()
    {
        NodeName = "a",
        Nodes = BgpSamples.Named(BgpSamples.Node("a", "10.0.0.1/24")),
        Peers = BgpSamples.Named(BgpSamples.Decode<BgpPeer>("peer", spec)),
    };

    private static string[] Blocks(string text) => [.. text.Split("\n\n").Where(b => b.StartsWith("protocol", StringComparison.Ordinal) || b.StartsWith("function", StringComparison.Ordinal) || b.StartsWith("filter", StringComparison.Ordinal))];
}
