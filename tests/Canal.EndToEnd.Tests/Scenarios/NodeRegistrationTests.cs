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
        // No workload can be given that address either.
        Assert.Contains("10.65.9.0/26", await rig.Etcd.Get("/calico/ipam/v2/handle/vxlan-tunnel-addr-h1") ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tunnels_address_follows_its_pools_and_what_hosts_ask_of_workloads_is_answered()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓", "h1→v0 ✓", "h2→w0 ✓");
        string old = (await Spec(rig, "ipv4VXLANTunnelAddr"))!;

        // A pool beside it changes nothing; with the first one disabled, every host moves.
        await rig.Put(Other("Always"));
        await rig.Round("h1→v0 ✓");
        Assert.Equal(old, await Spec(rig, "ipv4VXLANTunnelAddr"));
        await rig.Put(Overlays.Pool("Always").Spec("disabled", true));
        await Poll.Until(async () => (await Spec(rig, "ipv4VXLANTunnelAddr"))!.StartsWith("10.66.", StringComparison.Ordinal), TimeSpan.FromSeconds(30), () => "the address does not follow");
        string moved = (await Spec(rig, "ipv4VXLANTunnelAddr"))!;
        await Poll.Until(() => Addresses(rig, "h1").Contains($"{moved}/32", StringComparison.Ordinal) && !Addresses(rig, "h1").Contains($"{old}/32", StringComparison.Ordinal), "the device does not have it");
        await Poll.Until(() => Addresses(rig, "h2").Contains("10.66.", StringComparison.Ordinal), "the other host does not follow");
        await rig.Round("w0↔v0 ✓", "h1→v0 ✓", "h2→w0 ✓");
        await Poll.Until(async () => !(await rig.Etcd.Get("/calico/ipam/v2/handle/vxlan-tunnel-addr-h1"))!.Contains("10.65.", StringComparison.Ordinal), TimeSpan.FromSeconds(30), () => "the old one is not given back");

        // No pool has VXLAN any more, then one has again.
        await rig.Delete(Overlays.Pool("Always"), Overlays.Pool6("Always"));
        await rig.Put(Other("Never"));
        await Poll.Until(async () => await Spec(rig, "ipv4VXLANTunnelAddr") is null && await Spec(rig, "ipv6VXLANTunnelAddr") is null, TimeSpan.FromSeconds(30), () => "the addresses stay");
        await Poll.Until(async () => await rig.Etcd.Get("/calico/ipam/v2/handle/vxlan-tunnel-addr-h1") is null, TimeSpan.FromSeconds(30), () => "what nobody wants is not given back");
        Assert.Equal("10.100.0.1/24", await Spec(rig, "bgp", "ipv4Address"));
        await rig.Put(Overlays.Pool("Always"));
        await Poll.Until(() => Addresses(rig, "h1").Contains("10.65.", StringComparison.Ordinal) && Addresses(rig, "h2").Contains("10.65.", StringComparison.Ordinal), "there is none again");
        await rig.Round("w0↔v0 ✓", "h1→v0 ✓", "h2→w0 ✓");
    }

    private static Resource Other(string mode) => Calico.IpPool("p0", "10.66.0.0/16").Spec("blockSize", 26).Spec("vxlanMode", mode).Spec("ipipMode", "Never");

    private static string Addresses(NetworkRig rig, string host) => rig[host].Shell("ip -o addr show dev vxlan.calico 2>/dev/null || true");

    private static async Task<string?> Spec(NetworkRig rig, params string[] path)
    {
        JsonNode? at = await rig.Etcd.Get(Key) is { } json ? JsonNode.Parse(json)!["spec"] : null;
        foreach (string name in path) at = at?[name];
        return at?.GetValue<string>();
    }
}
