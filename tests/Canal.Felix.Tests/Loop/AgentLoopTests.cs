using Canal.Core.Addressing;
using Canal.Datastore;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Testing.Nftables;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Events in, kernel state out: it converges, says nothing twice, and heals from whatever fails on the way.</summary>
public sealed class AgentLoopTests
{
    private static LoopHost Running(params string[] links)
    {
        LoopHost host = new();
        foreach (string link in links) host.AddLink(link);
        return host.Start(All);
    }

    [Fact]
    public void An_idle_hour_says_and_writes_nothing()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        host.Wait(60);
        (int lines, (int, int) writes) = (host.Log.All.Count, host.Writes);
        host.Wait(3600);
        Assert.Equal((lines, writes), (host.Log.All.Count, host.Writes));
    }

    /// <summary>What an agent that has just started makes of the same cluster and links.</summary>
    private static string Fresh(IEnumerable<Resource> cluster, params string[] links)
    {
        using LoopHost host = new();
        foreach (string link in links) host.AddLink(link);
        return host.Start(cluster).Dump;
    }

    [Fact]
    public void It_programs_policy_and_wires_interfaces()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        Assert.Contains("policy-in/gnp/web", host.Dump, StringComparison.Ordinal);
        Assert.Equal(("caliw0", "caliw0", "caliw1"), (host.RouteTo("10.65.0.10"), host.RouteTo("fd00:65::10"), host.RouteTo("10.65.0.11")));
        Assert.Equal(2, Directory.GetFiles(host.StatusFolder).Length);
        Assert.True(host.IsHealthy);
    }

    [Fact]
    public void Routes_follow_workloads_of_the_snapshot_when_etcd_says_so_at_its_start_or_later()
    {
        Resource bgp(string name, string address) => Calico.Node(name).Spec("bgp", new System.Text.Json.Nodes.JsonObject { ["ipv4Address"] = address });
        Resource follow = Calico.FelixConfiguration("default").Spec("routeSource", "WorkloadIPs").Spec("programClusterRoutes", "Enabled");
        Resource[] cluster = [.. All, Calico.IpPool("pool", "10.65.0.0/16"), bgp("h1", "192.0.2.1/24"), bgp("h2", "192.0.2.2/24"), Calico.WorkloadEndpoint("default", "h2", "v0", "caliv0", "02:65:00:00:00:02", "10.65.1.10/32")];
        using LoopHost atStart = new(), later = new();
        atStart.Start([.. cluster, follow]);
        later.Start(cluster);
        Resource other = follow.Spec("routeSource", null);
        foreach (LoopHost host in (LoopHost[])[atStart, later])
        {
            Assert.Equal(host == atStart, host.Agent.Network.Routes.ContainsKey(Cidr.Parse("10.65.1.10/32")));
            host.Put(follow);
            Assert.Contains(Cidr.Parse("10.65.1.10/32"), host.Agent.Network.Routes.Keys);
            host.Put(other);
            Assert.DoesNotContain(Cidr.Parse("10.65.1.10/32"), host.Agent.Network.Routes.Keys);
        }
    }

    /// <summary>Half of a surrogate pair in the place of each text of each resource: it is JSON, but no text.</summary>
    [Fact]
    public void No_text_in_etcd_that_is_no_text_ends_the_loop()
    {
        Resource felix = Calico.FelixConfiguration("default").Spec("logPrefix", "x").Spec("failsafeInboundHostPorts", new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["protocol"] = "TCP", ["port"] = 22, ["net"] = "10.0.0.0/8" }))
            .Spec("healthTimeoutOverrides", new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["name"] = "CalculationGraph", ["timeout"] = "30s" })).Spec("interfacePrefix", "cali")
            .Metadata("annotations", new System.Text.Json.Nodes.JsonObject { ["config.projectcalico.org/LogPrefix"] = "y" });
        Resource[] cluster = [.. All, felix, Calico.Node("h1").Labels(("rack", "a")), Calico.IpPool("pool", "10.65.0.0/16"), Calico.HostEndpoint("hep", "h1", "eth0").Profiles("open")];
        using LoopHost host = Running("caliw0", "caliw1");
        host.Put(cluster);
        string before = host.Dump;
        int tried = 0;
        foreach (Resource resource in cluster)
        {
            string json = resource.Json;
            foreach (System.Text.RegularExpressions.Match text in System.Text.RegularExpressions.Regex.Matches(json, "\"[^\"]*\""))
            {
                host.Say(host.Events((resource.Key, $"{json[..text.Index]}\"\\ud800\"{json[(text.Index + text.Length)..]}")));
                host.Step();
                tried++;
            }
            host.Put(resource);
        }
        Assert.True(tried > 100, $"only {tried} texts");
        Assert.Equal(before, host.Wait(60).Dump);
    }

    [Fact]
    public void What_another_program_did_before_it_was_listened_to_is_repaired()
    {
        using LoopHost host = Running("caliw0", "caliw1"), meddled = new();
        meddled.AddLink("caliw0");
        meddled.AddLink("caliw1");
        meddled.WhenListening = () =>
        {
            NftTransaction flush = new(KernelNames.Table);
            flush.FlushChain("forward-to");
            meddled.Nftables.Commit(flush);
        };
        meddled.Start(All);
        Assert.Equal(host.Nftables.Dump(KernelNames.Table), meddled.Nftables.Dump(KernelNames.Table));
    }

    [Fact]
    public void A_second_turn_and_the_same_events_again_send_nothing()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        (int, int) writes = host.Writes;
        host.Step();
        host.Put(W0, Policy);
        host.Say(host.Snapshot(All));
        host.Step();
        host.Wait(200);
        Assert.Equal(writes, host.Writes);
        Assert.Empty(host.Conntrack.Asked.Distinct().Except(Ips("10.65.0.10", "10.65.0.11", "fd00:65::10", "fd00:65::11")));
    }

    [Fact]
    public void A_restart_with_unchanged_state_writes_nothing_and_forgets_no_connection()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        (int, int) writes = host.Writes;
        int asked = host.Conntrack.Asked.Count;
        host.Restart();
        host.Start(All);
        host.Wait(200);
        Assert.True(host.Loop.IsReady);
        Assert.Equal(writes, host.Writes);
        Assert.Equal(asked, host.Conntrack.Asked.Count);
    }

    [Fact]
    public void Nothing_is_programmed_before_the_snapshot_is_complete()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.Say(new WatchBatch.SnapshotBegin(), LoopHost.Page(Ready, Open, W0));
        host.Wait(20);
        host.Say(LoopHost.Page(Policy, W1));
        host.Wait(20);
        Assert.Equal((0, 1), host.Writes);
        Assert.False(host.Loop.IsReady);
        host.Say(new WatchBatch.SnapshotComplete(20));
        host.Step();
        Assert.Equal(2, host.Nftables.Commits);
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
    }

    [Fact]
    public void A_snapshot_that_breaks_off_deletes_nothing_and_the_next_one_sweeps()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        string before = host.Dump;
        host.Say(new WatchBatch.Lost(EtcdFailure.Unavailable, "gone"), new WatchBatch.SnapshotBegin(), LoopHost.Page(Ready, OtherPolicy));
        host.Wait(5);
        host.Say(new WatchBatch.Lost(EtcdFailure.Unavailable, "gone again"));
        host.Wait(5);
        Assert.Equal(before, host.Dump);
        Resource[] now = [.. All.Except([Policy, W1]), OtherPolicy];
        host.Start(now);
        Assert.Equal("", host.RouteTo("10.65.0.11"));
        Assert.Equal(Fresh(now, "caliw0", "caliw1"), host.Dump);
    }

    [Fact]
    public void While_the_datastore_is_not_ready_policy_waits_and_what_is_programmed_stays()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.Start([Unready, .. All.Skip(1)]);
        host.Wait(20);
        Assert.Equal(0, host.Nftables.Commits);
        Assert.Equal(1, host.Log.Count("not ready"));
        host.Put(Ready);
        string programmed = host.Dump;
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        host.Put(Unready);
        host.Delete(Policy);
        host.Wait(20);
        Assert.Equal(programmed, host.Dump);
        host.Put(Ready);
        Assert.Equal(Fresh(All.Except([Policy]), "caliw0"), host.Dump);
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("lost before")]
    [InlineData("lost after")]
    public void A_failed_commit_heals_and_no_route_is_made_before_policy_is_in_force(string fault)
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.AddLink("caliw1");
        FakeFault failing = fault == "refused" ? FakeFault.Refused(Errno.EBUSY) : fault == "lost before" ? FakeFault.LostBeforeCommit : FakeFault.LostAfterCommit;
        for (int commit = 1; commit <= 3; commit++) host.Nftables.FailCommit(commit, failing);
        host.Start(All);
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        Assert.False(host.IsHealthy);
        host.Wait(5);
        Assert.Equal(Fresh(All, "caliw0", "caliw1"), host.Dump);
        Assert.True(host.IsHealthy);
        Assert.Equal((1, 1), (host.Log.Count("programming the kernel failed"), host.Log.Count("programming the kernel works again")));
    }

    [Fact]
    public void A_route_that_is_refused_is_told_once_tried_again_and_told_as_healed_only_when_it_is()
    {
        using LoopHost host = Running("caliw1");
        for (int i = 0; i < 4; i++) host.Routes.RefuseNext(Errno.EINVAL, change => change.Subject is Route);
        host.AddLink("caliw0");
        host.Step();
        Assert.Equal((1, 0), (host.Log.Count("wiring interfaces failed"), host.Log.Count("works again")));
        Assert.Equal(Status.EndpointState.Error, host.Agent.Telling.Statuses.Current["caliw0"].State);
        host.Time.Advance(TimeSpan.FromMilliseconds(150));
        host.Step();
        Assert.Equal(0, host.Log.Count("works again"));
        Assert.False(host.IsHealthy);
        host.Wait(10);
        Assert.Equal(("caliw0", "caliw0"), (host.RouteTo("10.65.0.10"), host.RouteTo("fd00:65::10")));
        Assert.Equal((1, 1), (host.Log.Count("wiring interfaces failed"), host.Log.Count("works again")));
        Assert.True(host.IsHealthy);
    }

    [Fact]
    public void A_refused_sysctl_keeps_the_interface_in_error_until_it_can_be_set()
    {
        using LoopHost host = Running("caliw1");
        string setting = Path.Combine(host.Sysctls, "net/ipv4/conf/caliw0/proxy_arp");
        // A folder in the place of the file: there, and not writable.
        Directory.CreateDirectory(setting);
        host.AddLink("caliw0");
        host.Wait(30);
        Assert.Equal(Status.EndpointState.Error, host.Agent.Telling.Statuses.Current["caliw0"].State);
        Assert.Equal((1, 0), (host.Log.Count("wiring interfaces failed"), host.Log.Count("works again")));
        Directory.Delete(setting);
        File.WriteAllText(setting, "0\n");
        host.Wait(11);
        Assert.Equal(Status.EndpointState.Up, host.Agent.Telling.Statuses.Current["caliw0"].State);
        Assert.Equal("1\n", File.ReadAllText(setting));
        Assert.Equal(1, host.Log.Count("works again"));
    }

    [Fact]
    public void One_interface_that_cannot_be_wired_does_not_hold_up_the_others()
    {
        using LoopHost host = Running("caliw1");
        Directory.CreateDirectory(Path.Combine(host.Sysctls, "net/ipv4/conf/caliw1/proxy_arp"));
        host.SetUp("caliw1", false);
        host.Step();
        host.SetUp("caliw1", true);
        host.Wait(30);
        host.AddLink("caliw0");
        host.Delete(Policy);
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        Assert.DoesNotContain("policy-in/gnp/web", host.Dump, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apply")]
    [InlineData("list")]
    public void A_conversation_that_breaks_off_is_followed_by_reading_everything(string what)
    {
        using LoopHost host = Running("caliw1");
        host.AddLink("caliw0");
        if (what == "apply") host.Routes.FailNextApply();
        else host.Routes.FailNextList();
        host.Step();
        host.Wait(2);
        Assert.Equal(Fresh(All, "caliw1", "caliw0"), host.Dump);
        Assert.True(host.IsHealthy);
    }

    [Fact]
    public void After_lost_events_links_routes_and_neighbours_are_read_again()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        host.Routes.Meddle(KernelChange.Delete(host.Routes.Routes(default).First(route => route.Destination.ToString() == "10.65.0.10/32")));
        host.Routes.Meddle(KernelChange.Delete(host.Routes.Neighbours().First(neighbour => neighbour.Address.ToString() == "10.65.0.11")));
        host.Routes.Meddle(KernelChange.Delete(new Link { Name = "caliw1" }));
        host.AddLink("caliw1");
        host.Routes.LoseEvents();
        host.Step();
        Assert.Equal(Normal(Fresh(All, "caliw0", "caliw1")), Normal(host.Dump));
    }

    [Fact]
    public void Foreign_deletions_of_routes_and_neighbours_are_repaired_at_once()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        string before = host.Dump;
        foreach (Route route in host.Routes.Routes(default).Where(route => route.Protocol == RouteProtocol.Calico).ToArray()) host.Routes.Meddle(KernelChange.Delete(route));
        foreach (Neighbour neighbour in host.Routes.Neighbours().ToArray()) host.Routes.Meddle(KernelChange.Delete(neighbour));
        Assert.NotEqual(before, host.Dump);
        host.Step();
        Assert.Equal(before, host.Dump);
    }

    [Fact]
    public void A_link_renamed_while_up_is_wired_and_unwired_by_its_name()
    {
        using LoopHost host = Running("caliw1");
        int link = host.AddLink("tmp0");
        host.Step();
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        host.Routes.Meddle(KernelChange.Set(new LinkSettings { Index = link, Name = "caliw0" }));
        host.Step();
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        host.Routes.Meddle(KernelChange.Set(new LinkSettings { Index = link, Name = "tmp1" }));
        host.Step();
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        Assert.DoesNotContain(host.Routes.Neighbours(), neighbour => neighbour.Interface == link);
    }

    [Fact]
    public void The_grace_of_a_foreign_route_outlives_other_work()
    {
        using LoopHost host = Running("caliw1");
        int link = host.AddLink("caliw0");
        host.Step();
        host.Routes.Meddle(KernelChange.Add(Route.ToLink(Cidr.Parse("10.99.0.1/32"), link) with { Protocol = RouteProtocol.Boot }));
        host.Step();
        host.SetUp("caliw1", false);
        host.Step();
        Assert.Equal("caliw0", host.RouteTo("10.99.0.1"));
        host.Wait(11);
        Assert.Equal("", host.RouteTo("10.99.0.1"));
    }

    [Fact]
    public void An_outage_of_etcd_is_a_line_at_each_end_and_costs_no_kernel_write()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        (int, int) writes = host.Writes;
        int lines = host.Log.All.Count;
        host.Say(new WatchBatch.Lost(EtcdFailure.Unavailable, "connection refused"));
        host.Wait(300);
        host.Say(new WatchBatch.Connected("http://etcd"));
        host.Step();
        Assert.Equal(lines + 2, host.Log.All.Count);
        Assert.Equal(writes, host.Writes);
        Assert.True(host.IsHealthy);
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_an_apply_leaves_it_whole()
    {
        using LoopHost host = Running("caliw0");
        using CancellationTokenSource stop = new();
        host.Conntrack.OnForget = stop.Cancel;
        host.AddLink("caliw1");
        host.Say(host.Events((W0.Key, null), (W1.Key, Endpoint("w1", "caliw1", "10.65.0.10/32").Json)));
        host.Hear();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Loop.RunAsync(stop.Token));
        Assert.Equal("caliw1", host.RouteTo("10.65.0.10"));
        Assert.True(stop.IsCancellationRequested);
        string left = host.Dump;
        host.Restart();
        host.Start([.. All.Except([W0, W1]), Endpoint("w1", "caliw1", "10.65.0.10/32")]);
        Assert.Equal(left, host.Dump);
    }

    [Fact]
    public void A_table_deleted_by_somebody_comes_back_with_the_next_doubt()
    {
        using LoopHost host = Running("caliw0", "caliw1");
        string before = host.Dump;
        NftTransaction meddling = new(KernelNames.Table);
        meddling.DeleteTable();
        host.Nftables.CommitByOther(meddling);
        host.Agent.Dataplane.Doubt();
        host.Step();
        Assert.Equal(before, host.Dump);
    }

    private static IpAddress[] Ips(params string[] addresses) => [.. addresses.Select(address => IpAddress.Parse(address))];

    /// <summary>Without what depends on the order in which links were made.</summary>
    private static string Normal(string dump) => string.Join('\n', dump.Split('\n').Order(StringComparer.Ordinal));
}
