using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class StatusKeysTests
{
    [Fact]
    public void Keys_are_those_of_the_data_model()
    {
        WorkloadEndpointName name = new("host-a", "cni", "6b1f", "eth0");
        Assert.Equal("/calico/felix/v2/no-region/host/host-a/workload/cni/default%2f6b1f/endpoint/eth0", StatusKeys.Workload("", "default", name));
        Assert.Equal("/calico/felix/v2/region-west/host/host-a/status", StatusKeys.Alive("west", "host-a"));
        Assert.Equal("/calico/felix/v2/no-region/host/host-a/last_reported_status", StatusKeys.LastReported("", "host-a"));
        Assert.Equal("/calico/felix/v1/host/host-a/endpoint/host-a-eth0", StatusKeys.HostEndpoint("host-a", "host-a-eth0"));
        Assert.StartsWith(StatusKeys.Workloads("", "host-a"), StatusKeys.Workload("", "default", name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a%2fb")]
    [InlineData("%25/%")]
    public void Segments_read_back_as_escaped(string segment)
    {
        Assert.DoesNotContain('/', StatusKeys.Escape(segment));
        Assert.Equal(segment, StatusKeys.Unescape(StatusKeys.Escape(segment)));
    }
}
