using Canal.Felix.Configuration;
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

    private static string[] Files(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)] : [];
}
