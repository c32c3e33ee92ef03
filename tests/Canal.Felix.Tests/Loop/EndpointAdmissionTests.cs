using System.Text.Json.Nodes;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Endpoints that name an interface that is not a workload's.</summary>
public sealed class EndpointAdmissionTests
{
    private static readonly JsonObject Limits = new() { ["ingressPacketRate"] = 10, ["egressPacketRate"] = 10, ["ingressMaxConnections"] = 3, ["dscp"] = 10 };

    private static Resource On(string interfaceName, string address = "10.65.0.99/32") => Endpoint("w9", interfaceName, address).Spec("qosControls", Limits.DeepClone());

    [Fact]
    public void An_endpoint_on_an_interface_of_the_host_is_nowhere_and_in_error()
    {
        using LoopHost host = new();
        foreach (string link in (string[])["eth0", "caliw0", "caliw1"]) host.AddLink(link);
        host.Start([.. All]);
        string without = host.Dump;
        // Its address is a workload's: that keeps its route.
        host.Put(On("eth0", "10.65.0.10/32"));
        Assert.Equal(without, host.Dump);
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        Assert.Equal(1, host.Log.Count("endpoint default/h1-cni-w9-eth0 on eth0 is error: spec.interfaceName: begins with no prefix of workloads' interfaces (cali)"));
        Assert.Equal(1, host.Log.Count("ignored: spec.interfaceName"));
        Assert.Equal(0, host.Log.Count("on eth0 is up"));
        Assert.Equal(2, Directory.GetFiles(host.StatusFolder).Length);
        host.Delete(On("eth0"));
        Assert.Equal(without, host.Dump);
        Assert.Equal(1, host.Log.Count("on eth0 is gone"));
    }

    [Fact]
    public void It_is_the_same_with_a_name_that_no_interface_has()
    {
        using LoopHost host = new();
        host.Start([.. All]);
        string without = host.Dump;
        host.Put(On("cali/../../etc/w0"));
        Assert.Equal(without, host.Dump);
        Assert.Equal(1, host.Log.Count("is error: spec.interfaceName: is not the name of an interface"));
        host.Delete(On("cali/../../etc/w0"));
        Assert.Equal(without, host.Dump);
    }

    [Fact]
    public void It_moves_to_an_interface_of_workloads_and_back()
    {
        using LoopHost host = new();
        foreach (string link in (string[])["eth0", "caliw9"]) host.AddLink(link);
        host.Start([.. All, On("eth0")]);
        Assert.Equal("", host.RouteTo("10.65.0.99"));
        host.Put(On("caliw9"));
        Assert.Equal("caliw9", host.RouteTo("10.65.0.99"));
        Assert.Contains("iifname \"caliw9\" limit", host.Dump, StringComparison.Ordinal);
        Assert.Equal(1, host.Log.Count("on caliw9 is up"));
        host.Put(On("eth0"));
        Assert.Equal("", host.RouteTo("10.65.0.99"));
        Assert.DoesNotContain("limit", host.Dump, StringComparison.Ordinal);
        Assert.Equal((Felix.Status.EndpointState.Error, "eth0"), host.Agent.Telling.Statuses.Current.Values.Where(s => s.Endpoint.Key.Name == "h1-cni-w9-eth0").Select(s => (s.State, s.Endpoint.InterfaceName)).Single());
        // The last word is of where it is.
        Assert.Contains("on eth0 is error", host.Log.All.Last(line => line.Contains("h1-cni-w9-eth0 on", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_prefixes_take_endpoints_in_and_out_while_the_agent_runs()
    {
        using LoopHost host = new();
        foreach (string link in (string[])["tapw9", "caliw0"]) host.AddLink(link);
        host.Start([.. All, On("tapw9")]);
        Assert.Equal(("", "caliw0"), (host.RouteTo("10.65.0.99"), host.RouteTo("10.65.0.10")));
        string before = host.Dump;
        host.Put(Calico.FelixConfiguration("default").Spec("interfacePrefix", "tap"));
        Assert.Equal(("tapw9", ""), (host.RouteTo("10.65.0.99"), host.RouteTo("10.65.0.10")));
        Assert.Contains("iifname \"tapw9\" limit", host.Dump, StringComparison.Ordinal);
        Assert.Equal((1, 1), (host.Log.Count("on tapw9 is up"), host.Log.Count("on caliw0 is error")));
        // What changed while it was refused counts when it is taken in.
        host.Put(Endpoint("w0", "caliw0", "10.65.0.12/32"));
        host.Put(Calico.FelixConfiguration("default").Spec("interfacePrefix", "cali,tap"));
        Assert.Equal(("tapw9", "caliw0", ""), (host.RouteTo("10.65.0.99"), host.RouteTo("10.65.0.12"), host.RouteTo("10.65.0.10")));
        host.Put(W0);
        host.Put(Calico.FelixConfiguration("default").Spec("interfacePrefix", "cali"));
        Assert.Equal(("", "caliw0"), (host.RouteTo("10.65.0.99"), host.RouteTo("10.65.0.10")));
        Assert.Equal(before, host.Dump);
    }
}
