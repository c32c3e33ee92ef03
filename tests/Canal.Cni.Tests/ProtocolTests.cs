using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Cni.Tests;

public sealed class ProtocolTests
{
    private static CniEnvironment Environment(string command, string arguments = "", string id = "c1", string ifName = "eth0") => new(command, id, "/run/netns/x", ifName, arguments, "");

    private static CniCall Call(string config = "{}", string arguments = "", string id = "c1", string ifName = "eth0")
    {
        JsonObject json = CniJson.Parse(Encoding.UTF8.GetBytes(config));
        json["name"] ??= "net1";
        return CniCall.Read(Environment("ADD", arguments, id, ifName), json, "1.0.0");
    }

    [Theory]
    [InlineData("0.3.1", """{"cniVersion":"0.3.1","ips":[{"version":"4","interface":1,"address":"10.0.0.1/32"},{"version":"6","address":"fd00::1/64","gateway":"fd00::2"}],"routes":[{"dst":"0.0.0.0/0","gw":"10.0.0.2","mtu":1400}],"dns":{"domain":"x"}}""")]
    [InlineData("1.0.0", """{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/x","mtu":1400}],"ips":[{"interface":0,"address":"10.0.0.1/24"}],"dns":{}}""")]
    public void A_result_is_written_as_it_was_read(string version, string json) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), CniResult.Read(CniJson.Parse(Encoding.UTF8.GetBytes(json))).Write(version)));

    [Theory]
    [InlineData("""{"ips":[{"address":"10.0.0.1"}]}""", "ips: '10.0.0.1' is not an address with a prefix length")]
    [InlineData("""{"ips":[1]}""", "ips: must be a list of objects")]
    [InlineData("""{"routes":[{"dst":"x"}]}""", "routes: 'x' is not a destination")]
    public void A_result_that_cannot_be_read_is_an_error(string json, string message) =>
        Assert.Equal(message, Assert.Throws<CniException>(() => CniResult.Read(CniJson.Parse(Encoding.UTF8.GetBytes(json)))).Message);

    [Theory]
    [InlineData("c1", "", "eth0", "h1-cni-c1-eth0", "default", "calic1")]
    [InlineData("6b1f0c9a77d34", "", "eth0", "h1-cni-6b1f0c9a77d34-eth0", "default", "cali6b1f0c9a77d")]
    [InlineData("c1", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=nginx", "eth0", "h1-k8s-nginx-eth0", "default", "calic440f455693")]
    [InlineData("c1", "CANAL_NAMESPACE=prod", "eth0", "h1-cni-c1-eth0", "prod", "calic1")]
    public void Endpoints_and_interfaces_are_named_as_calico_does(string id, string arguments, string ifName, string name, string ns, string link)
    {
        CniCall call = Call(arguments: arguments, id: id, ifName: ifName);
        EndpointIdentity identity = EndpointIdentity.Of(call, Workload.Of(call), "h1");
        Assert.Equal((new ResourceKey(ResourceKind.WorkloadEndpoint, ns, name), link), (identity.Key, identity.HostInterface));
    }

    [Fact]
    public void A_second_interface_of_a_container_has_a_name_of_its_own()
    {
        CniCall first = Call(), second = Call(ifName: "net1"), third = Call(ifName: "net2");
        string[] names = [.. new[] { first, second, third }.Select(call => EndpointIdentity.Of(call, Workload.Of(call), "h1").HostInterface)];
        Assert.Equal(3, names.Distinct().Count());
        Assert.All(names, name => Assert.InRange(name.Length, 5, 15));
    }

    [Fact]
    public void Labels_come_from_the_network_the_runtime_and_the_arguments_the_later_before_the_earlier()
    {
        CniCall call = Call("""{"labels":{"a":"1","b":"1","c":"1","d":"1"},"runtimeConfig":{"labels":{"b":"2"}},"args":{"cni":{"labels":[{"key":"c","value":"3"}]}}}""", "CANAL_LABELS=d=4,e=5");
        Assert.Equal("a=1,b=2,c=3,d=4,e=5,projectcalico.org/namespace=default,projectcalico.org/orchestrator=cni", Workload.Of(call).LabelsOf(call).ToString());
    }

    [Theory]
    [InlineData("X=1", 4)]
    [InlineData("X", 4)]
    [InlineData("CANAL_NAMESPACE=a/b", 4)]
    [InlineData("K8S_POD_NAMESPACE=../x;K8S_POD_NAME=y", 4)]
    public void Arguments_in_doubt_are_refused(string arguments, int code) =>
        Assert.Equal(code, Assert.Throws<CniException>(() => Workload.Of(Call(arguments: arguments))).Code);

    [Theory]
    [InlineData("c/1", "eth0")]
    [InlineData("", "eth0")]
    [InlineData("c1", "sixteen-letters-")]
    [InlineData("c1", "..")]
    [InlineData("c1", "a b")]
    public void Names_that_a_container_or_interface_cannot_have_are_refused(string id, string ifName) =>
        Assert.Equal(CniCode.Environment, Assert.Throws<CniException>(() => Call(id: id, ifName: ifName)).Code);

    [Theory]
    [InlineData("""{"policy_timeout":"10"}""", "policy_timeout")]
    [InlineData("""{"policy_timeout_action":"maybe"}""", "policy_timeout_action")]
    [InlineData("""{"mtu":"big"}""", "mtu: must be a whole number from 0 to 65535")]
    [InlineData("""{"etcd_endpoints":"ftp://x"}""", "etcd_endpoints")]
    [InlineData("""{"etcd_discovery_srv":"example.org"}""", "etcd_discovery_srv: is not read here")]
    public void A_setting_that_cannot_be_used_names_its_field(string config, string part)
    {
        CniException error = Assert.Throws<CniException>(() => CniSettings.Load(Call(config[..^1] + ""","config_dir":"/nonexistent"}""")));
        Assert.Equal(CniCode.Configuration, error.Code);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"cniVersion":"1.0.0","name":"n"}""", "", 4)]
    [InlineData("{", "ADD", 6)]
    [InlineData("[]", "ADD", 6)]
    [InlineData("""{"cniVersion":"1.0.0","name":"a/b"}""", "ADD", 7)]
    [InlineData("""{"cniVersion":"2.0.0","name":"n"}""", "ADD", 1)]
    [InlineData("""{"cniVersion":"1.0.0","name":"n"}""", "CHECK", 7)]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","policy_timeout":"x"}""", "ADD", 7)]
    public async Task Every_failure_is_json_on_stdout_with_the_specifications_code(string config, string command, int code)
    {
        using MemoryStream output = new();
        Assert.Equal(1, await CniProgram.RunAsync(new EndpointPlugin(), Environment(command), new MemoryStream(Encoding.UTF8.GetBytes(config)), output));
        JsonNode error = JsonNode.Parse(output.ToArray())!;
        Assert.Equal(code, error["code"]!.GetValue<int>());
        Assert.NotEqual("", error["msg"]!.GetValue<string>());
    }
}
