using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

/// <summary>Docker's protocol from the network's making to its deletion, with what it leaves in etcd and in the kernel on the way.</summary>
public sealed class LifeTests
{
    private const string Network = "7ad1f0c9a77d3400000000000000000000000000000000000000000000000001";
    private const string One = "6b1f0c9a77d3400000000000000000000000000000000000000000000000aa01", Two = "51f0c9a77d34b00000000000000000000000000000000000000000000000aa02";

    [Fact]
    public async Task The_host_has_its_Node()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        JsonObject? node = null;
        await Poll.Until(async () => (node = await host.FindAsync($"nodes/{DockerHost.Node}")) is not null, DockerHost.Patience, () => $"there is no Node: {host.Log}");
        Assert.Equal($"{DockerHost.Uplink}/24", node!["spec"]!["bgp"]!["ipv4Address"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_container_is_connected_under_policy_and_leaves_nothing()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        Assert.Equal("""{"Implements":["NetworkDriver","IpamDriver"]}""", (await host.CallAsync("Plugin.Activate")).ToJsonString());
        Assert.Equal("local", (await host.CallAsync("NetworkDriver.GetCapabilities"))["Scope"]!.GetValue<string>());
        Assert.True((await host.CallAsync("IpamDriver.GetCapabilities"))["RequiresMACAddress"]!.GetValue<bool>());
        Assert.Equal(2, (await host.CallAsync("IpamDriver.GetDefaultAddressSpaces")).Count);

        const string create = $$$"""{"NetworkID":"{{{Network}}}","Options":{"com.docker.network.enable_ipv6":false,"com.docker.network.generic":{"label.app":"web"}},"IPv4Data":[{"AddressSpace":"CanalLocal","Pool":"0.0.0.0/0","Gateway":"0.0.0.0/0"}],"IPv6Data":[]}""";
        JsonObject pool = await host.CallAsync("IpamDriver.RequestPool", """{"AddressSpace":"CanalLocal","Pool":"","SubPool":"","Options":{},"V6":false}""");
        Assert.Equal("""{"PoolID":"CanalPoolIPv4","Pool":"0.0.0.0/0","Data":{"com.docker.network.gateway":"0.0.0.0/0"}}""", pool.ToJsonString());
        Assert.Equal("{}", (await host.CallAsync("NetworkDriver.CreateNetwork", create)).ToJsonString());
        await host.CallAsync("NetworkDriver.CreateNetwork", create);

        const string ask = """{"PoolID":"CanalPoolIPv4","Address":"","Options":{"com.docker.network.endpoint.macaddress":"02:42:0a:41:00:07"}}""";
        string address = (await host.CallAsync("IpamDriver.RequestAddress", ask))["Address"]!.GetValue<string>();
        Assert.Matches(@"^10\.65\.\d+\.\d+/32$", address);
        // Docker asks again when it did not get the answer.
        Assert.Equal(address, (await host.CallAsync("IpamDriver.RequestAddress", ask))["Address"]!.GetValue<string>());

        string endpoint = $$$"""{"NetworkID":"{{{Network}}}","EndpointID":"{{{One}}}","Interface":{"Address":"{{{address}}}","AddressIPv6":"","MacAddress":"02:42:0a:41:00:07"},"Options":{"com.docker.network.portmap":[],"label.tier":"front"}}""";
        Assert.Equal("""{"Interface":{}}""", (await host.CallAsync("NetworkDriver.CreateEndpoint", endpoint)).ToJsonString());
        JsonObject stored = (await host.EndpointAsync(One))!;
        await host.CallAsync("NetworkDriver.CreateEndpoint", endpoint);
        Assert.Equal(stored.ToJsonString(), (await host.EndpointAsync(One))!.ToJsonString());
        Assert.Equal("""{"app":"web","projectcalico.org/namespace":"libnetwork","projectcalico.org/orchestrator":"libnetwork","tier":"front"}""", Sorted(stored["metadata"]!["labels"]!));
        Assert.Equal($$"""{"endpoint":"{{One}}","interfaceName":"cali6b1f0c9a77d","ipNetworks":["{{address}}"],"mac":"02:42:0a:41:00:07","node":"h1","orchestrator":"libnetwork","profiles":["docker-7ad1f0c9a77d"],"workload":"libnetwork"}""", Sorted(stored["spec"]!));
        Assert.Equal("""{"docker-7ad1f0c9a77d":""}""", (await host.FindAsync("profiles/docker-7ad1f0c9a77d"))!["spec"]!["labelsToApply"]!.ToJsonString());
        // The address is a container's now: the same hardware address elsewhere gets another.
        string other = (await host.CallAsync("IpamDriver.RequestAddress", ask))["Address"]!.GetValue<string>();
        Assert.NotEqual(address, other);

        await host.ProgramAsync(One);
        JsonObject joined = await host.CallAsync("NetworkDriver.Join", Named(One, ""","SandboxKey":"/var/run/docker/netns/1","Options":{}"""));
        Assert.Equal("""{"InterfaceName":{"SrcName":"tmp6b1f0c9a77d","DstPrefix":"eth"},"DisableGatewayService":true,"Gateway":"169.254.1.1","StaticRoutes":[{"Destination":"169.254.1.1/32","RouteType":1,"NextHop":""}]}""", joined.ToJsonString());
        Assert.Equal(["cali6b1f0c9a77d", "tmp6b1f0c9a77d"], host.Links().Order(StringComparer.Ordinal));
        Assert.Contains("link/ether 02:42:0a:41:00:07", host.Netns.Shell("ip link show dev tmp6b1f0c9a77d"), StringComparison.Ordinal);
        Assert.Contains("link/ether ee:ee:ee:ee:ee:ee", host.Netns.Shell("ip link show dev cali6b1f0c9a77d"), StringComparison.Ordinal);
        Assert.Equal("""{"Value":{}}""", (await host.CallAsync("NetworkDriver.EndpointOperInfo", Named(One))).ToJsonString());
        foreach (string method in (string[])["ProgramExternalConnectivity", "RevokeExternalConnectivity"]) await host.CallAsync($"NetworkDriver.{method}", Named(One, ""","Options":{}"""));
        foreach (string method in (string[])["DiscoverNew", "DiscoverDelete"]) await host.CallAsync($"NetworkDriver.{method}", """{"DiscoveryType":1,"DiscoveryData":{"Address":"10.0.0.1","Self":true}}""");

        // Everything once, and once more.
        for (int times = 0; times < 2; times++)
        {
            await host.CallAsync("NetworkDriver.Leave", Named(One));
            Assert.Empty(host.Links());
            await host.CallAsync("NetworkDriver.DeleteEndpoint", Named(One));
            foreach (string free in (string[])[address, other]) await host.CallAsync("IpamDriver.ReleaseAddress", $$"""{"PoolID":"CanalPoolIPv4","Address":"{{free}}"}""");
            await host.CallAsync("NetworkDriver.DeleteNetwork", $$"""{"NetworkID":"{{Network}}"}""");
            await host.CallAsync("IpamDriver.ReleasePool", """{"PoolID":"CanalPoolIPv4"}""");
            Assert.Empty(await host.LeftAsync());
            Assert.Empty(Directory.GetFiles(host.NetworkFolder));
        }
        Assert.Equal(0, await host.StopDriverAsync());
        Assert.False(File.Exists(host.PluginSocket));
    }

    [Fact]
    public async Task Containers_of_both_families_reach_each_other_and_the_host()
    {
        await using DockerHost host = await DockerHost.StartAsync("policy_timeout = \"0s\"", "mtu = 1400");
        await host.CallAsync("NetworkDriver.CreateNetwork", $$$$"""{"NetworkID":"{{{{Network}}}}","Options":{"com.docker.network.generic":{"network":"shop"}}}""");
        Dictionary<string, (Netns Container, string V4, string V6)> containers = [];
        foreach (string id in (string[])[One, Two])
        {
            string v4 = (await host.CallAsync("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4"}"""))["Address"]!.GetValue<string>();
            string v6 = (await host.CallAsync("IpamDriver.RequestAddress", """{"PoolID":"fd00:65::/64"}"""))["Address"]!.GetValue<string>();
            JsonObject created = await host.CallAsync("NetworkDriver.CreateEndpoint", Named(id, $$""","Interface":{"Address":"{{v4}}","AddressIPv6":"{{v6}}","MacAddress":""}"""));
            string mac = created["Interface"]!["MacAddress"]!.GetValue<string>();
            // The answer may have been lost: the same again.
            Assert.Equal(mac, (await host.CallAsync("NetworkDriver.CreateEndpoint", Named(id, $$""","Interface":{"Address":"{{v4}}","AddressIPv6":"{{v6}}","MacAddress":""}""")))["Interface"]!["MacAddress"]!.GetValue<string>());
            await host.CallAsync("NetworkDriver.Join", Named(id));
            JsonObject joined = await host.CallAsync("NetworkDriver.Join", Named(id));
            Assert.Equal("fe80::ecee:eeff:feee:eeee", joined["GatewayIPv6"]!.GetValue<string>());
            containers[id] = (host.Connect(joined, v4, v6), v4.Split('/')[0], v6.Split('/')[0]);
            Assert.Contains($"link/ether {mac}", containers[id].Container.Shell("ip link show dev eth0"), StringComparison.Ordinal);
            Assert.Contains("mtu 1400", containers[id].Container.Shell("ip link show dev eth0"), StringComparison.Ordinal);
            Assert.Equal("shop", (await host.EndpointAsync(id))!["spec"]!["profiles"]![0]!.GetValue<string>());
        }
        (Netns container, string address, string addressV6) = (containers[One].Container, containers[Two].V4, containers[Two].V6);
        // The host's end may need a moment until its link-local address answers.
        await Poll.Until(() => DockerHost.Pings(container, addressV6), DockerHost.Patience, $"{addressV6} is not reached");
        Assert.True(DockerHost.Pings(container, address), address);
        Assert.True(DockerHost.Pings(container, DockerHost.Uplink));
        foreach (string id in (string[])[One, Two])
        {
            await host.CallAsync("NetworkDriver.Leave", Named(id));
            await host.CallAsync("NetworkDriver.DeleteEndpoint", Named(id));
        }
        Assert.Empty(host.Links());
        // A profile with a name may be other hosts' too.
        await host.CallAsync("NetworkDriver.DeleteNetwork", $$"""{"NetworkID":"{{Network}}"}""");
        Assert.NotNull(await host.FindAsync("profiles/shop"));
        foreach ((_, (Netns one, _, _)) in containers) one.Dispose();
    }

    [Fact]
    public async Task Addresses_that_are_asked_for_by_name_are_those_or_none()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        JsonObject pool = await host.CallAsync("IpamDriver.RequestPool", """{"Pool":"10.65.0.0/16","V6":false}""");
        Assert.Equal(("10.65.0.0/16", "10.65.0.0/16"), (pool["PoolID"]!.GetValue<string>(), pool["Pool"]!.GetValue<string>()));
        const string ask = """{"PoolID":"10.65.0.0/16","Address":"10.65.3.9","Options":{"com.docker.network.endpoint.macaddress":"02:42:0a:41:03:09"}}""";
        Assert.Equal("10.65.3.9/32", (await host.CallAsync("IpamDriver.RequestAddress", ask))["Address"]!.GetValue<string>());
        Assert.Equal("10.65.3.9/32", (await host.CallAsync("IpamDriver.RequestAddress", ask))["Address"]!.GetValue<string>());
        Assert.Contains("10.65.3.9", await host.RefusedAsync("IpamDriver.RequestAddress", ask.Replace("02:42:0a:41:03:09", "02:42:0a:41:03:0a", StringComparison.Ordinal)), StringComparison.Ordinal);
        // As Docker reserves what a network names with --aux-address.
        Assert.Equal("10.65.3.10/32", (await host.CallAsync("IpamDriver.RequestAddress", """{"PoolID":"10.65.0.0/16","Address":"10.65.3.10"}"""))["Address"]!.GetValue<string>());

        // What is not this driver's it does not release.
        await host.Etcd.CtlAsync("put", "/calico/ipam/v2/handle/theirs", """{"handleID":"theirs","block":{"10.65.9.0/26":1},"deleted":false}""");
        await host.Etcd.CtlAsync("put", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26", TheirBlock());
        string before = await host.Etcd.CtlAsync("get", "--print-value-only", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26");
        foreach (string address in (string[])["10.65.9.0/32", "10.65.3.9/32", "10.65.3.10", "10.65.77.1"]) await host.CallAsync("IpamDriver.ReleaseAddress", $$"""{"PoolID":"10.65.0.0/16","Address":"{{address}}"}""");
        Assert.Equal(before, await host.Etcd.CtlAsync("get", "--print-value-only", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26"));
        Assert.Equal(["/calico/ipam/v2/handle/theirs"], await host.LeftAsync());
    }

    [Fact]
    public async Task Many_requests_at_once_give_every_container_an_address_of_its_own()
    {
        const int count = 40;
        await using DockerHost host = await DockerHost.StartAsync();
        string Ask(int i) => $$$"""{"PoolID":"CanalPoolIPv4","Options":{"com.docker.network.endpoint.macaddress":"02:42:00:00:00:{{{i:x2}}}"}}""";
        JsonObject[] answers = await Task.WhenAll(Enumerable.Range(0, count).Select(i => host.CallAsync("IpamDriver.RequestAddress", Ask(i))));
        string[] addresses = [.. answers.Select(answer => answer["Address"]!.GetValue<string>())];
        Assert.Equal(count, addresses.Distinct().Count());
        Assert.Equal(count, (await host.LeftAsync()).Length);
        await Task.WhenAll(addresses.Select(address => host.CallAsync("IpamDriver.ReleaseAddress", $$"""{"PoolID":"CanalPoolIPv4","Address":"{{address}}"}""")));
        Assert.Empty(await host.LeftAsync());
    }

    [Fact]
    public async Task Docker_may_call_before_the_driver_runs()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        Assert.Equal(0, await host.StopDriverAsync());
        await using StreamWriter go = await host.StartBySocketAsync();
        Task<JsonObject> early = host.CallAsync("Plugin.Activate");
        Assert.False(early.IsCompleted);
        await go.WriteLineAsync("go");
        await go.FlushAsync();
        Assert.Equal(2, (await early)["Implements"]!.AsArray().Count);
        Assert.Equal(0, await host.StopDriverAsync());
        // systemd's socket stays where it is.
        Assert.True(File.Exists(host.PluginSocket));
    }

    private static string Named(string endpoint, string more = "") => $$"""{"NetworkID":"{{Network}}","EndpointID":"{{endpoint}}"{{more}}}""";

    private static string Sorted(JsonNode of) => new JsonObject(of.AsObject().OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString();

    private static string TheirBlock()
    {
        JsonArray free = [.. Enumerable.Range(1, 63).Select(i => (JsonNode)i)], allocations = [(JsonNode)0, .. Enumerable.Repeat((JsonNode?)null, 63)];
        return new JsonObject
        {
            ["cidr"] = "10.65.9.0/26",
            ["affinity"] = "host:h2",
            ["allocations"] = allocations,
            ["unallocated"] = free,
            ["attributes"] = new JsonArray(new JsonObject { ["handle_id"] = "theirs", ["secondary"] = new JsonObject { ["node"] = "h2" } }),
            ["deleted"] = false,
            ["sequenceNumber"] = 1,
            ["sequenceNumberForAllocation"] = new JsonObject { ["0"] = 0 },
        }.ToJsonString();
    }
}
