using Canal.Core.Resources;
using CsCheck;

namespace Canal.Core.Tests.Resources;

public sealed class WorkloadEndpointNameTests
{
    [Theory]
    [InlineData("host-a", "cni", "6b1f", "eth0", "host--a-cni-6b1f-eth0")]
    [InlineData("a", "k8s", "web--1", "eth0", "a-k8s-web----1-eth0")]
    [InlineData("a", "openstack", "vm", "port", "a-openstack-vm-port")]
    public void Dashes_inside_parts_are_doubled(string node, string orchestrator, string workload, string endpoint, string name)
    {
        WorkloadEndpointName parts = new(node, orchestrator, workload, endpoint);
        Assert.Equal(name, parts.Print(out _));
        Assert.True(WorkloadEndpointName.TryParse(name, out WorkloadEndpointName parsed));
        Assert.Equal(parts, parsed);
    }

    [Theory]
    [InlineData("a-b-c")]
    [InlineData("a-b-c-d-e")]
    [InlineData("a-b-c-")]
    [InlineData("")]
    public void A_name_has_four_parts(string name) => Assert.False(WorkloadEndpointName.TryParse(name, out _));

    [Theory]
    [InlineData("", "cni", "c", "e", "node")]
    [InlineData("-a", "cni", "c", "e", "node")]
    [InlineData("a", "cni", "c-", "e", "containerID")]
    [InlineData("a", "k8s", "", "e", "pod")]
    [InlineData("a", "x", "", "e", "workload")]
    [InlineData("a", "x", "w", "", "endpoint")]
    public void A_part_that_cannot_stand_in_a_name_is_named(string node, string orchestrator, string workload, string endpoint, string field)
    {
        Assert.Null(new WorkloadEndpointName(node, orchestrator, workload, endpoint).Print(out Problem problem));
        Assert.Equal(field, problem.Path);
    }

    [Fact]
    public void Whatever_can_be_printed_reads_back()
    {
        Gen<string> part = Gen.Char["ab-1"].Array[1, 6].Select(chars => new string(chars)).Where(text => text[0] != '-' && text[^1] != '-');
        Gen.Select(part, part, part, part).Sample((node, orchestrator, workload, endpoint) =>
        {
            WorkloadEndpointName parts = new(node, orchestrator, workload, endpoint);
            Assert.True(WorkloadEndpointName.TryParse(parts.Print(out _), out WorkloadEndpointName parsed));
            Assert.Equal(parts, parsed);
        });
    }
}
