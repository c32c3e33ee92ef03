using System.Text;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class ResourceValidationTests
{
    private static string Problems(string json)
    {
        ResourceDocument document = ResourceDocument.Parse(Encoding.UTF8.GetBytes(json), out Problem problem) ?? throw new InvalidOperationException(problem.ToString());
        return string.Join('\n', ResourceValidation.Validate(document).ToArray());
    }

    private static string Spec(string kind, string spec) => Problems(
        ResourceKinds.TryFind(kind, out ResourceKindEntry? entry) && entry!.Namespaced
            ? $$"""{"kind":"{{kind}}","metadata":{"name":"x","namespace":"n"},"spec":{{spec}}}"""
            : $$"""{"kind":"{{kind}}","metadata":{"name":"x"},"spec":{{spec}}}""");

    private static string Rule(string rule) => Spec("GlobalNetworkPolicy", $$"""{"ingress":[{{rule}}]}""");

    [Theory]
    [InlineData("GlobalNetworkPolicy", """{"tier":"default","order":1.5,"selector":"has(a)","types":["Ingress"],"ingress":[{"action":"Allow","protocol":"TCP","source":{"nets":["10.0.0.0/8"]},"destination":{"ports":[80,"1:2","http"]}}]}""")]
    [InlineData("HostEndpoint", """{"node":"a","interfaceName":"*","ports":[{"name":"ssh","protocol":"TCP","port":22}]}""")]
    [InlineData("WorkloadEndpoint", """{"interfaceName":"cali1"}""")]
    [InlineData("IPPool", """{"cidr":"10.0.0.0/16","blockSize":26}""")]
    [InlineData("GlobalNetworkSet", """{"nets":["10.0.0.0/8","fd00::1"]}""")]
    public void A_good_document_has_no_problem(string kind, string spec) => Assert.Equal("", Spec(kind, spec));

    [Theory]
    [InlineData("""{"kind":"Gadget"}""", "kind: 'Gadget' is not a kind")]
    [InlineData("""{"kind":"Tier","spec":{}}""", "metadata.name: is missing")]
    [InlineData("""{"kind":"NetworkSet","metadata":{"name":"x"},"spec":{}}""", "metadata.namespace: is missing")]
    [InlineData("""{"kind":"Tier","metadata":{"name":"x","namespace":"n"},"spec":{}}""", "metadata.namespace: is not for a Tier, which is global")]
    [InlineData("""{"kind":"Tier","metadata":{"name":"a.b"},"spec":{}}""", "metadata.name: 'a.b' is not a name for a Tier: up to 63 lower case letters, digits and inner dashes")]
    [InlineData("""{"kind":"GlobalNetworkSet","metadata":{"name":"x","labels":{"-a":"b"}}}""", "metadata.labels.-a: '-a' is not a label's name: an optional domain and a slash, then up to 63 letters, digits and inner - _ .")]
    [InlineData("""{"kind":"Tier","metadata":{"name":"x"},"spec":{"ordre":1}}""", "spec.ordre: is not a known field")]
    public void Identity_and_shape_are_checked(string json, string problem) => Assert.Equal(problem, Problems(json));

    [Theory]
    [InlineData("""{"action":"Allow","sorce":{}}""", "spec.ingress[0].sorce: is not a known field")]
    [InlineData("""{"action":"Allow","destination":{"ports":["a","80"]}}""", "spec.ingress[0].destination.ports[1]: needs the protocol TCP, UDP or SCTP")]
    [InlineData("""{"action":"Allow","source":{"nets":["10.0.0.1"]}}""", "spec.ingress[0].source.nets[0]: '10.0.0.1' is not a CIDR")]
    [InlineData("""{"action":"Allow","source":{"nets":["10.0.0.0/8"]},"destination":{"notNets":["fd00::/8"]}}""", "spec.ingress[0].destination.notNets[0]: is not of the rule's IP version")]
    [InlineData("""{"action":"Allow","source":{"selector":"!x"}}""", "spec.ingress[0].source.selector: is not a selector: at byte 2: expected operator after label")]
    [InlineData("""{"action":"Allow","protocol":"tcp"}""", "spec.ingress[0].protocol: 'tcp' is not a protocol: TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255")]
    [InlineData("""{"action":"Deny","icmp":{"code":1},"protocol":"ICMP"}""", "spec.ingress[0].icmp.code: needs a type")]
    [InlineData("""{"action":"Allow","source":{"services":{"name":"s","namespace":"n"},"selector":"has(a)"}}""", "spec.ingress[0].source.selector: must not stand beside services")]
    [InlineData("""{"action":"Allow","source":{"services":{"name":"s"}}}""", "spec.ingress[0].source.services.namespace: is required in a global policy")]
    public void A_fault_in_a_rule_is_told_once_and_where(string rule, string problem) => Assert.Equal(problem, Rule(rule));

    [Theory]
    [InlineData("IPPool", """{"cidr":"10.0.0.1/16"}""", "spec.cidr: has host bits; 10.0.0.0/16 would be strict")]
    [InlineData("IPPool", """{"cidr":"10.0.0.0/16","blockSize":19}""", "spec.blockSize: is not a whole number from 20 to 32")]
    [InlineData("IPPool", """{"cidr":"fd00::/48","ipipMode":"Always"}""", "spec.ipipMode: is for IPv4 only")]
    [InlineData("WorkloadEndpoint", """{"interfaceName":"cali1","ipNetworks":["10.0.0.0/24"]}""", "spec.ipNetworks[0]: has more than one address")]
    [InlineData("HostEndpoint", """{"node":"a"}""", "spec.interfaceName: is missing, and so is expectedIPs")]
    [InlineData("Profile", """{"labelsToApply":{"a b":""}}""", "spec.labelsToApply.a b: 'a b' is not a label's name: an optional domain and a slash, then up to 63 letters, digits and inner - _ .")]
    [InlineData("BGPPeer", """{"asNumber":-1}""", "spec.asNumber: '-1' is not an AS number: 0 to 4294967295, or two of 16 bits with a dot between")]
    [InlineData("BGPConfiguration", """{"nodeToNodeMeshEnabled":false,"nodeMeshMaxRestartTime":"2m"}""", "spec.nodeMeshMaxRestartTime: must not stand beside nodeToNodeMeshEnabled: false\nspec.nodeToNodeMeshEnabled: may stand in the BGPConfiguration named default only")]
    [InlineData("BGPConfiguration", """{"bindMode":"All"}""", "spec.bindMode: 'All' is not one of None, NodeIP")]
    [InlineData("BGPPeer", """{"node":"a","nodeSelector":"all()"}""", "spec.nodeSelector: must not stand beside node")]
    [InlineData("BGPPeer", """{"password":{"secretKeyRef":{"name":"bgp"}}}""", "spec.password.secretKeyRef.key: is missing")]
    [InlineData("BGPPeer", """{"maxRestartTime":"2 min"}""", "spec.maxRestartTime: '2 min' is not a duration such as 1m30s")]
    [InlineData("BGPFilter", """{"importV4":[{"action":"Reject","operations":[{"setPriority":{"value":5}}]}]}""", "spec.importV4[0].operations: are for the action Accept only")]
    [InlineData("BGPFilter", """{"exportV6":[{"action":"Accept","cidr":"10.0.0.0/8","matchOperator":"In"}]}""", "spec.exportV6[0].cidr: '10.0.0.0/8' is not an IPv6 CIDR or address")]
    [InlineData("Node", """{"bgp":{}}""", "spec.bgp: is empty: leave it out, or give the node an address")]
    [InlineData("Node", """{"addresses":[{"address":"10.0.0.1","type":"Home"}]}""", "spec.addresses[0].type: 'Home' is not one of CalicoNodeIP, InternalIP, ExternalIP")]
    [InlineData("CalicoNodeStatus", """{"node":"a","classes":["BGP","BGP"],"updatePeriodSeconds":5}""", "spec.classes[1]: stands twice")]
    [InlineData("FelixConfiguration", """{"logSeverityScren":"Info"}""", "spec.logSeverityScren: is not a known field")]
    [InlineData("FelixConfiguration", """{"vxlanPort":0}""", "spec.vxlanPort: is not a whole number from 1 to 65535")]
    [InlineData("FelixConfiguration", """{"iptablesRefreshInterval":90}""", "spec.iptablesRefreshInterval: is not a string")]
    [InlineData("FelixConfiguration", """{"failsafeInboundHostPorts":[{"protocol":"tcp","port":22}]}""", "spec.failsafeInboundHostPorts[0].protocol: 'tcp' is not one of TCP, UDP, SCTP")]
    [InlineData("StagedKubernetesNetworkPolicy", """{"stagedAction":"Delete","policyTypes":["Ingress"]}""", "spec.policyTypes: must not stand beside the staged action Delete")]
    [InlineData("BlockAffinity", """{"node":"a","cidr":"10.0.0.0/26","deleted":"true"}""", "spec.deleted: must be false: only IPAM itself marks an affinity so")]
    [InlineData("ClusterInformation", "{}", "metadata.name: the only ClusterInformation is called default")]
    public void Faults_of_other_kinds_are_told_where(string kind, string spec, string problem) => Assert.Equal(problem, Spec(kind, spec));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("90s", 90)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5h", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("-2s", -2)]
    [InlineData("+1m", 60)]
    public void Durations_are_read_as_Go_writes_them(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out TimeSpan duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("90")]
    [InlineData("s")]
    [InlineData("1 s")]
    [InlineData("1.2.3s")]
    [InlineData("1d")]
    [InlineData("9999999999h")]
    [InlineData("99999999999999999999999s")]
    public void What_is_no_duration_is_not_read(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
