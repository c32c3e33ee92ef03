using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class EndpointReadingTests
{
    [Fact]
    public void A_workload_endpoint_with_everything_reads_as_written()
    {
        WorkloadEndpoint endpoint = Reading.Good<WorkloadEndpoint>(ResourceKind.WorkloadEndpoint, """
            {"orchestrator":"cni","workload":"w","node":"host-a","containerID":"6b1f","pod":"p","endpoint":"eth0","serviceAccountName":"sa",
             "ipNetworks":["10.65.0.2/32","fd00:65::2/128"],"ipNATs":[{"internalIP":"10.65.0.2","externalIP":"192.0.2.7"}],"ipv4Gateway":"10.65.0.1","ipv6Gateway":"fd00:65::1",
             "profiles":["net1","net2"],"interfaceName":"cali6b1f","mac":"EE:ee:ee:ee:ee:02",
             "ports":[{"name":"https","protocol":"TCP","port":8443,"hostPort":0,"hostIP":""}],"allowSpoofedSourcePrefixes":["10.9.0.0/16"],
             "qosControls":{"ingressBandwidth":1000000,"egressPacketRate":0,"dscp":"AF11"}}
            """);
        Assert.Equal(new WorkloadEndpointSpec
        {
            Orchestrator = "cni",
            Workload = "w",
            Node = "host-a",
            ContainerId = "6b1f",
            Pod = "p",
            Endpoint = "eth0",
            ServiceAccountName = "sa",
            IpNetworks = [Cidr.Parse("10.65.0.2/32"), Cidr.Parse("fd00:65::2/128")],
            IpNats = [new IpNat(IpAddress.Parse("10.65.0.2"), IpAddress.Parse("192.0.2.7"))],
            Gateways = [IpAddress.Parse("10.65.0.1"), IpAddress.Parse("fd00:65::1")],
            Profiles = ["net1", "net2"],
            InterfaceName = "cali6b1f",
            Mac = new MacAddress(0xeeeeeeeeee02),
            Ports = [new EndpointPort("https", Protocol.Tcp, 8443)],
            AllowSpoofedSourcePrefixes = [Cidr.Parse("10.9.0.0/16")],
            QosControls = new QosControls { IngressBandwidth = 1000000, Dscp = 10 },
        }, endpoint.Spec);
    }

    [Theory]
    [InlineData("""{"ipNetworks":["10.0.0.1/32"]}""", "spec.interfaceName: is missing")]
    [InlineData("""{"interfaceName":"cali1"}""", "spec.ipNetworks: is empty; the endpoint is not finished")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":[]}""", "spec.ipNetworks: is empty; the endpoint is not finished")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":["10.0.0.1/33"]}""", "spec.ipNetworks[0]: '10.0.0.1/33' is not a CIDR")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":["10.0.0.1/32"],"mac":"ee:ee"}""", "spec.mac: 'ee:ee' is not a MAC address")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":["10.0.0.1/32"],"ports":[{"name":"a","port":1}]}""", "spec.ports[0]: has no protocol")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":["10.0.0.1/32"],"ports":[{"protocol":"TCP"}]}""", "spec.ports[0]: has no port")]
    [InlineData("""{"interfaceName":"cali1","ipNetworks":["10.0.0.1/32"],"ports":[{"protocol":"TCP","port":70000}]}""", "spec.ports[0].port: is not a whole number from 0 to 65535")]
    [InlineData("""{"interfaceName":7}""", "spec.interfaceName: is not a string")]
    public void A_workload_endpoint_in_doubt_is_absent(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.WorkloadEndpoint, spec));

    [Fact]
    public void A_translation_between_families_is_left_out_and_the_others_stay()
    {
        Decoded decoded = Reading.Decode(ResourceKind.WorkloadEndpoint, """
            {"spec":{"interfaceName":"cali1","ipNetworks":["10.0.0.1"],
             "ipNATs":[{"internalIP":"10.0.0.1","externalIP":"2001:db8::1"},{"internalIP":"fd00::1","externalIP":"192.0.2.7"},{"internalIP":"10.0.0.1","externalIP":"192.0.2.7"}]}}
            """);
        Assert.Equal([new IpNat(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("192.0.2.7"))], Assert.IsType<WorkloadEndpoint>(decoded.Resource).Spec.IpNats);
        Assert.Equal(["spec.ipNATs[0]: translates 2001:db8::1 to 10.0.0.1, an address of another family; it is left out", "spec.ipNATs[1]: translates 192.0.2.7 to fd00::1, an address of another family; it is left out"],
            decoded.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void A_translation_to_an_address_that_is_not_the_endpoints_is_left_out()
    {
        Decoded decoded = Reading.Decode(ResourceKind.WorkloadEndpoint, """
            {"spec":{"interfaceName":"cali1","ipNATs":[{"internalIP":"10.0.0.2","externalIP":"192.0.2.1"},{"internalIP":"10.0.0.1","externalIP":"192.0.2.7"}],
             "ipNetworks":["10.0.0.1"]}}
            """);
        Assert.Equal([new IpNat(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("192.0.2.7"))], Assert.IsType<WorkloadEndpoint>(decoded.Resource).Spec.IpNats);
        Assert.Equal("spec.ipNATs[0]: translates 192.0.2.1 to 10.0.0.2, which is no address of the endpoint; it is left out", Assert.Single(decoded.Problems).ToString());
    }

    [Fact]
    public void A_workload_endpoint_needs_no_hardware_address() =>
        Assert.Null(Reading.Good<WorkloadEndpoint>(ResourceKind.WorkloadEndpoint, """{"interfaceName":"cali1","ipNetworks":["10.0.0.1"],"mac":""}""").Spec.Mac);

    [Fact]
    public void More_addresses_than_usual_are_all_read()
    {
        string networks = string.Join(',', Enumerable.Range(1, 9).Select(i => $"\"10.0.0.{i}\""));
        WorkloadEndpoint endpoint = Reading.Good<WorkloadEndpoint>(ResourceKind.WorkloadEndpoint, $$"""{"interfaceName":"cali1","ipNetworks":[{{networks}}]}""");
        Assert.Equal(9, endpoint.Spec.IpNetworks.Count);
        Assert.Equal("10.0.0.9/32", endpoint.Spec.IpNetworks[8].ToString());
    }

    [Fact]
    public void A_host_endpoint_reads_as_written()
    {
        HostEndpoint endpoint = Reading.Good<HostEndpoint>(ResourceKind.HostEndpoint, """
            {"node":"host-a","interfaceName":"eth0","expectedIPs":["192.0.2.10","2001:db8::10"],"profiles":["p"],"ports":[{"name":"ssh","protocol":"TCP","port":22}]}
            """);
        Assert.Equal(("host-a", "eth0"), (endpoint.Node, endpoint.InterfaceName));
        Assert.Equal("[192.0.2.10, 2001:db8::10]", endpoint.ExpectedIps.ToString());
        Assert.Equal(["p"], endpoint.Profiles);
        Assert.Equal([new EndpointPort("ssh", Protocol.Tcp, 22)], endpoint.Ports);
    }

    [Theory]
    [InlineData("""{"interfaceName":"eth0"}""", "spec.node: is missing")]
    [InlineData("""{"node":"a"}""", "spec.interfaceName: is missing, and so is expectedIPs")]
    [InlineData("""{"node":"a","expectedIPs":["10.0.0.0/8"]}""", "spec.expectedIPs[0]: '10.0.0.0/8' is not an IP address")]
    public void A_host_endpoint_in_doubt_is_absent(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.HostEndpoint, spec));
}
