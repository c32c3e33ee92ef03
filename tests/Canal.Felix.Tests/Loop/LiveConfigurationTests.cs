using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Parameters that etcd changes while the agent runs, and what they do then.</summary>
public sealed class LiveConfigurationTests
{
    [Fact]
    public void Status_files_move_to_the_folder_that_etcd_names_and_back()
    {
        using LoopHost host = new();
        foreach (string link in new[] { "caliw0", "caliw1" }) host.AddLink(link);
        host.Start(All);
        host.SetUp("caliw1", false);
        host.Step();
        string other = Path.Combine(Path.GetDirectoryName(host.StatusFolder)!, "elsewhere");
        host.Put(Calico.FelixConfiguration("default").Spec("endpointStatusPathPrefix", other));
        Assert.Empty(Files(host.StatusFolder));
        Assert.Equal(["cni default%2Fw0 eth0"], Files(Path.Combine(other, "endpoint-status")));
        host.SetUp("caliw1", true);
        host.Step();
        Assert.Equal(2, Files(Path.Combine(other, "endpoint-status")).Length);
        host.Put(Calico.FelixConfiguration("default").Spec("endpointStatusPathPrefix", "none"));
        Assert.Empty(Files(Path.Combine(other, "endpoint-status")));
        host.Put(Calico.FelixConfiguration("default").Spec("endpointStatusPathPrefix", Path.GetDirectoryName(host.StatusFolder)!));
        Assert.Equal(2, Files(host.StatusFolder).Length);
    }

    [Fact]
    public void An_excluded_interface_is_not_found_by_its_address()
    {
        using LoopHost host = new();
        int eth0 = host.AddLink("eth0");
        host.Routes.Meddle(Linux.Routing.KernelChange.Add(new Linux.Routing.InterfaceAddress { Interface = eth0, Address = Core.Addressing.IpAddress.Parse("192.0.2.1"), PrefixLength = 24 }));
        host.Start([.. All, Calico.HostEndpoint("hep", "h1", "", "192.0.2.1").Profiles("open")]);
        Assert.Contains("eth0", host.Agent.Hosts.Resolution.ByInterface.Keys);
        foreach (string exclude in (string[])["eth0", "/^eth/", "other,/0$/"])
        {
            host.Put(Calico.FelixConfiguration("default").Spec("interfaceExclude", exclude));
            Assert.Empty(host.Agent.Hosts.Resolution.ByInterface);
            host.Put(Calico.FelixConfiguration("default").Spec("interfaceExclude", "eth,/^th/"));
            Assert.Contains("eth0", host.Agent.Hosts.Resolution.ByInterface.Keys);
        }
    }

    [Fact]
    public void Interfaces_that_nobody_told_of_are_found_when_it_is_time()
    {
        using LoopHost host = new();
        host.Start([.. All, Calico.FelixConfiguration("default").Spec("interfaceRefreshInterval", "20s").Spec("routeRefreshInterval", "0s")]);
        host.AddLink("caliw0");
        host.Routes.TakeEvents();
        host.Wait(19);
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        host.Wait(2);
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        host.Put(Calico.FelixConfiguration("default").Spec("interfaceRefreshInterval", "0s").Spec("routeRefreshInterval", "0s"));
        host.AddLink("caliw1");
        host.Routes.TakeEvents();
        host.Wait(600);
        Assert.Equal("", host.RouteTo("10.65.0.11"));
    }

    [Fact]
    public void A_table_that_somebody_changed_untold_is_repaired_when_it_is_time()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.Start([.. All, Calico.FelixConfiguration("default").Spec("nftablesRefreshInterval", "30s")]);
        string whole = host.Dump;
        host.Wait(29);
        Linux.Nftables.NftTransaction flush = new(Felix.Dataplane.Nftables.KernelNames.Table);
        flush.DeleteTable();
        host.Nftables.CommitByOther(flush);
        Assert.NotEqual(whole, host.Dump);
        host.Wait(2);
        Assert.Equal(whole, host.Dump);
        Assert.Equal(1, host.Log.Count("table inet canal"));
        host.Put(Calico.FelixConfiguration("default"));
        int reads = host.Nftables.Reads;
        host.Wait(600);
        Assert.Equal(reads, host.Nftables.Reads);
    }

    private static readonly Resource Both = Calico.FelixConfiguration("default").Spec("interfacePrefix", "cali,tap").Spec("vxlanPort", 1000);

    [Fact]
    public void A_wrong_value_that_decides_what_is_policed_changes_nothing_until_it_is_mended()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.Start([.. All, Both]);
        string before = host.Dump;
        host.Put(Both.Spec("interfacePrefix", "cali,ta p").Spec("vxlanPort", 2000));
        host.Put(Both.Spec("interfacePrefix", "cali,ta p").Spec("vxlanPort", 2000));
        Assert.Equal(before, host.Dump);
        Assert.Equal(1, host.Log.Count("all that etcd said before stays in force until this is mended"));
        host.Put(Both.Spec("vxlanPort", 2000));
        Assert.Equal((2000, 2), (host.Agent.Parameters.VxlanPort, host.Agent.Parameters.InterfacePrefixes.Count));
    }

    [Fact]
    public void A_start_does_not_begin_with_such_a_value()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        Resource wrong = Calico.FelixConfiguration("default").Spec("failsafeInboundHostPorts", new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["protocol"] = "TCP", ["port"] = 0 }));
        host.Start([.. All, wrong]);
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        Assert.Equal(0, host.Nftables.Commits);
        Assert.Contains("ready: no\nfailing: FelixConfiguration default: failsafe_inbound_host_ports", host.Status(), StringComparison.Ordinal);
        host.Put(Calico.FelixConfiguration("default"));
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        Assert.Contains("ready: yes\nfailing: no\n", host.Status(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_cannot_be_read_goes_on_saying_what_it_said_until_it_is_deleted()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        host.Start([.. All, Both]);
        host.Say(host.Events((Both.Key, "{")));
        host.Step();
        Assert.Equal((1000, 1), (host.Agent.Parameters.VxlanPort, host.Log.Count("what it said before stays in force")));
        host.Delete(Both);
        Assert.Equal(4789, host.Agent.Parameters.VxlanPort);
    }

    [Fact]
    public void One_that_can_hold_for_no_host_is_told_once()
    {
        using LoopHost host = new();
        host.Start([.. All, Calico.FelixConfiguration("rack").Spec("nodeSelector", "rack =="), Calico.FelixConfiguration("nobody")]);
        host.Put(Both);
        Assert.Equal((1, 1), (host.Log.Count("FelixConfiguration rack: holds for no host: nodeSelector: "), host.Log.Count("FelixConfiguration nobody: holds for no host")));
    }

    [Fact]
    public void Another_protocol_of_routes_takes_those_of_the_one_before_with_it()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        Resource other = Calico.FelixConfiguration("default").Spec("deviceRouteProtocol", 99);
        host.Start([.. All, other]);
        host.Put(Calico.FelixConfiguration("default").Spec("deviceRouteProtocol", 100));
        Assert.Equal([100], Protocols(host));
        Assert.Contains((byte)99, host.Agent.Parameters.FormerProtocols);
        host.Wait(200);
        Assert.True(host.Agent.Parameters.FormerProtocols.IsEmpty);
        Assert.Equal([100], Protocols(host));
    }

    private static byte[] Protocols(LoopHost host) => [.. host.Routes.Routes(default).Where(route => route.Destination.ToString() == "10.65.0.10/32").Select(route => route.Protocol)];

    private static string[] Files(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)] : [];
}
