using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>A host that starts the agent has its Node, and what tunnels need.</summary>
public sealed class NodeRegistrationTests
{
    private const string Key = "/calico/resources/v3/projectcalico.org/nodes/h1";

    [Fact]
    public async Task A_host_without_a_node_gets_one_with_its_address_and_those_of_its_tunnels()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Delete(Calico.Node("h1"));
        await rig.StartAgents();
        await Poll.Until(async () => await Spec(rig, "bgp", "ipv4Address") == "10.100.0.1/24", TimeSpan.FromSeconds(30), () => "the Node is not made");
        Assert.Null(await Spec(rig, "bgp", "ipv6Address"));
        Assert.Null(await Spec(rig, "ipv4VXLANTunnelAddr"));
        JsonNode node = JsonNode.Parse((await rig.Etcd.Get(Key))!)!;
        Assert.Equal(("Node", "projectcalico.org/v3", "h1"), (node["kind"]!.GetValue<string>(), node["apiVersion"]!.GetValue<string>(), node["metadata"]!["name"]!.GetValue<string>()));

        await rig.Put(Overlays.Pool("Always"));
        await Poll.Until(async () => await Spec(rig, "ipv4VXLANTunnelAddr") is not null, TimeSpan.FromSeconds(30), () => "there is no tunnel address");
        string address = (await Spec(rig, "ipv4VXLANTunnelAddr"))!;
        Assert.StartsWith("10.65.", address, StringComparison.Ordinal);
        Assert.NotNull(await rig.Etcd.Get("/calico/ipam/v2/handle/vxlan-tunnel-addr-h1"));
        await Poll.Until(() => rig["h1"].Shell("ip -o addr show dev vxlan.calico 2>/dev/null || true").Contains(address + "/32", StringComparison.Ordinal), "the device does not have it");

        // Another start changes nothing.
        string before = (await rig.Etcd.Get(Key))!;
        Assert.Equal(0, await rig.Agent().Terminate());
        rig.Agent().Start();
        await rig.Round("h1→w0 ✓");
        await Task.Delay(500);
        Assert.Equal(before, await rig.Etcd.Get(Key));

        // Deleted while the agent runs, it comes again, with the same addresses.
        await rig.Delete(Calico.Node("h1"));
        await Poll.Until(async () => await Spec(rig, "ipv4VXLANTunnelAddr") == address, TimeSpan.FromSeconds(30), () => "the deleted Node is not made again");
        Assert.Equal("10.100.0.1/24", await Spec(rig, "bgp", "ipv4Address"));
    }

    [Fact]
    public async Task What_the_node_has_is_not_touched()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        Resource own = Calico.Node("h1").Spec("bgp", new JsonObject { ["ipv4Address"] = "10.100.0.77/24" }).Spec("ipv4VXLANTunnelAddr", "10.65.9.9");
        await rig.Put(own, Overlays.Pool("Always"));
        string before = (await rig.Etcd.Get(Key))!;
        rig.Agent().Configure("ip_autodetection_method = \"interface=eth0\"");
        await rig.StartAgents();
        await rig.Round("h1→w0 ✓");
        await Task.Delay(500);
        Assert.Equal(before, await rig.Etcd.Get(Key));
        Assert.Null(await rig.Etcd.Get("/calico/ipam/v2/handle/vxlan-tunnel-addr-h1"));
    }

    private static async Task<string?> Spec(NetworkRig rig, params string[] path)
    {
        JsonNode? at = await rig.Etcd.Get(Key) is { } json ? JsonNode.Parse(json)!["spec"] : null;
        foreach (string name in path) at = at?[name];
        return at?.GetValue<string>();
    }
}
