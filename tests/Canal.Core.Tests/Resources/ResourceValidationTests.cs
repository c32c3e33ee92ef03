using System.Text;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class ResourceValidationTests
{
    // Stands for the selector grammar: whatever begins with an exclamation mark is broken.
    private static readonly ResourceValidation Validation = new(text => text.StartsWith('!') ? "is not a selector" : null);

    private static string Problems(string json)
    {
        ResourceDocument document = ResourceDocument.Parse(Encoding.UTF8.GetBytes(json), out Problem problem) ?? throw new InvalidOperationException(problem.ToString());
        return string.Join('\n', Validation.Validate(document).ToArray());
    }

    private static string Spec(string kind, string spec) => Problems(
        ResourceKinds.TryFind(kind, out ResourceKindEntry? entry) && entry!.Namespaced
            ? $$"""{"kind":"{{kind}}","metadata":{"name":"x","namespace":"n"},"spec":{{spec}}}"""
            : $$"""{"kind":"{{kind}}","metadata":{"name":"x"},"spec":{{spec}}}""");

    private static string Rule(string rule) => Spec("GlobalNetworkPolicy", $$"""{"ingress":[{{rule}}]}""");

    [Theory]
    [InlineData("GlobalNetworkPolicy", """{"tier":"default","order":1.5,"selector":"a","types":["Ingress"],"ingress":[{"action":"Allow","protocol":"TCP","source":{"nets":["10.0.0.0/8"]},"destination":{"ports":[80,"1:2","http"]}}]}""")]
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
    [InlineData("""{"kind":"Tier","metadata":{"name":"a.b"},"spec":{}}""", "metadata.name: 'a.b' is not a name for a Tier")]
    [InlineData("""{"kind":"GlobalNetworkSet","metadata":{"name":"x","labels":{"-a":"b"}}}""", "metadata.labels.-a: '-a' is not a label's name")]
    [InlineData("""{"kind":"Tier","metadata":{"name":"x"},"spec":{"ordre":1}}""", "spec.ordre: is not a known field")]
    public void Identity_and_shape_are_checked(string json, string problem) => Assert.Equal(problem, Problems(json));

    [Theory]
    [InlineData("""{"action":"Allow","sorce":{}}""", "spec.ingress[0].sorce: is not a known field")]
    [InlineData("""{"action":"Allow","destination":{"ports":["a","80"]}}""", "spec.ingress[0].destination.ports[1]: needs the protocol TCP, UDP or SCTP")]
    [InlineData("""{"action":"Allow","source":{"nets":["10.0.0.1"]}}""", "spec.ingress[0].source.nets[0]: '10.0.0.1' is not a CIDR")]
    [InlineData("""{"action":"Allow","source":{"nets":["10.0.0.0/8"]},"destination":{"notNets":["fd00::/8"]}}""", "spec.ingress[0].destination.notNets[0]: is not of the rule's IP version")]
    [InlineData("""{"action":"Allow","source":{"selector":"!x"}}""", "spec.ingress[0].source.selector: is not a selector")]
    [InlineData("""{"action":"Allow","protocol":"tcp"}""", "spec.ingress[0].protocol: 'tcp' is not a protocol")]
    [InlineData("""{"action":"Deny","icmp":{"code":1},"protocol":"ICMP"}""", "spec.ingress[0].icmp.code: needs a type")]
    [InlineData("""{"action":"Allow","source":{"services":{"name":"s","namespace":"n"},"selector":"a"}}""", "spec.ingress[0].source.selector: must not stand beside services")]
    [InlineData("""{"action":"Allow","source":{"services":{"name":"s"}}}""", "spec.ingress[0].source.services.namespace: is required in a global policy")]
    public void A_fault_in_a_rule_is_told_once_and_where(string rule, string problem) => Assert.Equal(problem, Rule(rule));

    [Theory]
    [InlineData("IPPool", """{"cidr":"10.0.0.1/16"}""", "spec.cidr: has host bits; 10.0.0.0/16 would be strict")]
    [InlineData("IPPool", """{"cidr":"10.0.0.0/16","blockSize":19}""", "spec.blockSize: is not a whole number from 20 to 32")]
    [InlineData("IPPool", """{"cidr":"fd00::/48","ipipMode":"Always"}""", "spec.ipipMode: is for IPv4 only")]
    [InlineData("WorkloadEndpoint", """{"interfaceName":"cali1","ipNetworks":["10.0.0.0/24"]}""", "spec.ipNetworks[0]: has more than one address")]
    [InlineData("HostEndpoint", """{"node":"a"}""", "spec.interfaceName: is missing, and so is expectedIPs")]
    [InlineData("Profile", """{"labelsToApply":{"a b":""}}""", "spec.labelsToApply.a b: 'a b' is not a label's name")]
    [InlineData("BGPPeer", """{"asNumber":-1}""", "spec.asNumber: '-1' is not an AS number")]
    public void Faults_of_other_kinds_are_told_where(string kind, string spec, string problem) => Assert.Equal(problem, Spec(kind, spec));
}
