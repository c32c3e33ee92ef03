using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>Limits of workloads' traffic are there while a workload has them.</summary>
public sealed class LimitChainsTests
{
    private static WorkloadEndpoint Limited(QosControls? qos)
    {
        WorkloadEndpoint endpoint = Workload("w0", "10.0.0.1/32", profiles: "open");
        return endpoint with { Spec = endpoint.Spec with { QosControls = qos } };
    }

    [Fact]
    public void Rates_stand_before_policy_and_connections_in_the_endpoints_chain()
    {
        FakeHost host = new();
        host.Put(Open(), Limited(new QosControls { IngressPacketRate = 100, EgressPacketRate = 200, EgressPacketBurst = 50, EgressMaxConnections = 3, Dscp = 1 }));
        string dump = host.Dump.Replace(" packets 0 bytes 0", "", StringComparison.Ordinal);
        Assert.Contains("oifname \"caliw0\" limit rate over 100/second burst 5 packets counter drop", dump, StringComparison.Ordinal);
        Assert.Contains("iifname \"caliw0\" limit rate over 200/second burst 50 packets counter drop", dump, StringComparison.Ordinal);
        Assert.Contains("ct count over 3 goto too-many-connections", dump, StringComparison.Ordinal);
        Assert.Contains("iifname \"caliw0\" ip daddr != @pools4 counter ip dscp set 0x01", dump, StringComparison.Ordinal);

        host.Put(Limited(null));
        Assert.Equal(FakeHost.DumpOf([Open(), Limited(null)]), host.Dump);
    }

    [Fact]
    public void A_bandwidth_is_limited_elsewhere() =>
        Assert.DoesNotContain("limit", FakeHost.DumpOf([Open(), Limited(new QosControls { IngressBandwidth = 8_000_000, EgressBandwidth = 8_000_000 })]), StringComparison.Ordinal);
}
