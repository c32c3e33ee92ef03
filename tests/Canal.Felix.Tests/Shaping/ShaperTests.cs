using System.Text.Json.Nodes;
using Canal.Felix.Configuration;
using Canal.Felix.Shaping;
using Canal.Felix.Tests.Loop;
using Canal.Linux;
using Canal.Linux.Routing;
using static Canal.Felix.Tests.Loop.SampleObjects;
using Resource = Canal.Testing.Rig.Resource;

namespace Canal.Felix.Tests.Shaping;

/// <summary>The agent keeps limits of bandwidth in a kernel in memory as etcd says.</summary>
public sealed class ShaperTests
{
    private const string Tbf = "qdisc tbf ca1a: dev caliw0 root rate 1000000B/s", Hook = "qdisc ingress ffff: dev caliw0 ingress";

    private static Resource Limited(string key, long bits) => Endpoint("w0", "caliw0", "10.65.0.10/32").Spec("qosControls", new JsonObject { [key] = bits });

    private static LoopHost Running(params Resource[] more)
    {
        LoopHost host = new();
        host.AddLink("caliw0");
        host.AddLink("caliw1");
        return host.Start([.. All.Except([W0]), .. more]);
    }

    /// <summary>Qdiscs, filters and devices for them, a line each.</summary>
    private static string[] Traffic(LoopHost host) => [.. host.Routes.Dump().Split('\n').Where(line => line.StartsWith("qdisc", StringComparison.Ordinal) || line.StartsWith("filter", StringComparison.Ordinal) || line.Contains(" ifb", StringComparison.Ordinal))];

    private static Link Device(LoopHost host) => Assert.Single(host.Routes.Links(), link => link.Kind == "ifb");

    [Fact]
    public void What_goes_to_a_workload_is_limited_at_its_interface()
    {
        using LoopHost host = Running(Limited("ingressBandwidth", 8_000_000));
        Assert.StartsWith(Tbf, Assert.Single(Traffic(host)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_comes_from_a_workload_takes_a_detour()
    {
        using LoopHost host = Running(Limited("egressBandwidth", 8_000_000));
        string device = $"bwcali{host.Routes.FindLink("caliw0")!.Index:x}";
        Assert.Equal(device, Device(host).Name);
        Assert.Equal((true, 1500u), (Device(host).IsAdminUp, Device(host).Mtu));
        Assert.Equal(4, Traffic(host).Length);
        Assert.Contains(Hook, Traffic(host));
        Assert.Contains($"filter dev caliw0 ingress pref 1 u32 redirect dev {device}", Traffic(host));
        Assert.Contains(Traffic(host), line => line.StartsWith($"qdisc tbf ca1a: dev {device} root rate 1000000B/s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ingressBandwidth")]
    [InlineData("egressBandwidth")]
    public void A_change_changes_the_qdisc_and_nothing_else(string key)
    {
        using LoopHost host = Running(Limited(key, 8_000_000));
        host.Routes.ForgetRequests();
        host.Put(Limited(key, 16_000_000));
        KernelChange change = Assert.Single(host.Routes.Requests, c => c.Subject is Qdisc or IngressFilter or Link);
        Assert.Equal((ChangeVerb.Replace, 2_000_000ul), (change.Verb, ((Qdisc)change.Subject).Bucket!.Rate));
    }

    [Theory]
    [InlineData("ingressBandwidth")]
    [InlineData("egressBandwidth")]
    public void Without_control_nothing_of_it_is_left(string key)
    {
        using LoopHost host = Running(Limited(key, 8_000_000)), deleted = Running(Limited(key, 8_000_000)), other = Running(Limited(key, 8_000_000));
        Assert.Empty(Traffic(host.Put(W0)));
        Assert.Empty(Traffic(deleted.Delete(W0)));
        other.Routes.Meddle(KernelChange.Delete(other.Routes.FindLink("caliw0")!));
        Assert.Empty(Traffic(other.Step()));
        Assert.DoesNotContain(host.Log.All.Concat(deleted.Log.All).Concat(other.Log.All), line => line.Contains("bandwidth", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ingressBandwidth")]
    [InlineData("egressBandwidth")]
    public void A_new_agent_takes_over_what_is_there_and_says_nothing_to_the_kernel(string key)
    {
        using LoopHost host = Running(Limited(key, 8_000_000));
        host.Routes.ForgetRequests();
        host.Restart();
        host.Start([.. All.Except([W0]), Limited(key, 8_000_000)]).Wait(200);
        Assert.Empty(host.Routes.Requests);
    }

    [Fact]
    public void A_new_agent_removes_what_nobody_wants_any_more()
    {
        using LoopHost host = Running(Limited("egressBandwidth", 8_000_000));
        host.Routes.Meddle(KernelChange.Add(new Link { Name = "bwcali012345678", Kind = "ifb" }));
        host.Restart();
        host.Start(All);
        Assert.Empty(Traffic(host));
    }

    [Fact]
    public void What_somebody_takes_away_comes_back()
    {
        using LoopHost host = Running(Limited("egressBandwidth", 8_000_000));
        string[] before = Traffic(host);
        int link = host.Routes.FindLink("caliw0")!.Index;
        foreach (Func<KernelObject> taken in (Func<KernelObject>[])[
            () => host.Routes.Qdiscs().First(q => q.IsRoot), () => Assert.Single(host.Routes.IngressFilters(link)), () => Qdisc.Ingress(link), () => Device(host)])
        {
            host.Routes.Meddle(KernelChange.Delete(taken()));
            Assert.Equal(before, Traffic(host.Step()));
        }
        host.Routes.Meddle(KernelChange.SetUp(Device(host).Index, up: false));
        Assert.Equal(before, Traffic(host.Step()));
    }

    [Fact]
    public void A_strange_qdisc_stays_and_is_told_once()
    {
        using LoopHost host = Running();
        Qdisc strange = new() { Interface = host.Routes.FindLink("caliw0")!.Index, Kind = "htb", Handle = 0x10000 };
        host.Routes.Meddle(KernelChange.Add(strange));
        host.Put(Limited("ingressBandwidth", 8_000_000)).Wait(200);
        Assert.Equal(["qdisc htb 1: dev caliw0 root"], Traffic(host));
        Assert.Single(host.Log.All, line => line.Contains("caliw0 has a qdisc htb that is not ours", StringComparison.Ordinal));
        Assert.True(host.IsHealthy);
        host.Routes.Meddle(KernelChange.Delete(strange));
        Assert.StartsWith(Tbf, Assert.Single(Traffic(host.Step())), StringComparison.Ordinal);
    }

    [Fact]
    public void Strange_filters_keep_their_hook()
    {
        using LoopHost host = Running(Limited("egressBandwidth", 8_000_000));
        (int link, int w1) = (host.Routes.FindLink("caliw0")!.Index, host.Routes.FindLink("caliw1")!.Index);
        host.Routes.Meddle(KernelChange.Add(new IngressFilter(link, w1) { Priority = 7 }));
        host.Step();
        host.Put(W0);
        Assert.Equal(["filter dev caliw0 ingress pref 7 u32 redirect dev caliw1", Hook], Traffic(host).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_Calico_made_is_taken_over()
    {
        using LoopHost host = Running();
        int link = host.Routes.FindLink("caliw0")!.Index;
        host.Routes.Meddle(KernelChange.Add(new Qdisc { Interface = link, Kind = "tbf", Handle = 0x10000, Bucket = new TokenBucket(1, 1, 1) }));
        host.Routes.Meddle(KernelChange.Add(new Link { Name = "bwcali012345678", Kind = "ifb" }));
        host.Routes.Meddle(KernelChange.Add(Qdisc.Ingress(link)));
        host.Routes.Meddle(KernelChange.Add(new IngressFilter(link, host.Routes.FindLink("bwcali012345678")!.Index)));
        host.Restart();
        host.Start([.. All.Except([W0]), Endpoint("w0", "caliw0", "10.65.0.10/32").Spec("qosControls", new JsonObject { ["ingressBandwidth"] = 8_000_000, ["egressBandwidth"] = 8_000_000 })]);
        using LoopHost fresh = Running(Endpoint("w0", "caliw0", "10.65.0.10/32").Spec("qosControls", new JsonObject { ["ingressBandwidth"] = 8_000_000, ["egressBandwidth"] = 8_000_000 }));
        Assert.Equal(Traffic(fresh), Traffic(host));
    }

    [Fact]
    public void A_kernel_without_such_devices_is_named_and_tried_again()
    {
        using LoopHost host = Running();
        host.Routes.RefuseNext(Errno.ENOTSUP, change => change.Subject is Link { Kind: "ifb" });
        host.Put(Limited("egressBandwidth", 8_000_000));
        Assert.Contains(host.Log.All, line => line.Contains("this kernel has no ifb, without which bandwidth is not limited", StringComparison.Ordinal));
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        Assert.Equal(4, Traffic(host.Wait(20)).Length);
    }

    [Fact]
    public void A_device_whose_event_is_not_heard_yet_is_no_failure()
    {
        using LoopHost host = Running();
        Resource limited = Limited("egressBandwidth", 8_000_000);
        foreach (Resource endpoint in (Resource[])[limited, Limited("egressBandwidth", 16_000_000), limited])
        {
            host.Say(host.Events((endpoint.Key, endpoint.Json)));
            host.Loop.Step();
        }
        Assert.Equal(4, Traffic(host.Step()).Length);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("bandwidth", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cleanup_removes_all_of_it_and_nothing_else()
    {
        using LoopHost host = Running(Limited("egressBandwidth", 8_000_000), Limited("ingressBandwidth", 8_000_000));
        host.Put(Endpoint("w0", "caliw0", "10.65.0.10/32").Spec("qosControls", new JsonObject { ["ingressBandwidth"] = 8_000_000, ["egressBandwidth"] = 8_000_000 }));
        Qdisc strange = new() { Interface = host.Routes.FindLink("caliw1")!.Index, Kind = "tbf", Handle = 0x10000 };
        host.Routes.Meddle(KernelChange.Add(strange));
        Assert.All(host.Routes.ApplyAll([.. Shaper.Removal(host.Routes, new FelixParameters())]), result => Assert.True(result.IsOk, result.Error));
        Assert.Equal(["qdisc tbf 1: dev caliw1 root"], Traffic(host));
    }
}
