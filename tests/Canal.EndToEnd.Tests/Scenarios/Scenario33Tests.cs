using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario33Tests
{
    [Fact]
    public async Task What_is_left_of_an_own_block_is_dropped()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        Assert.Contains("blackhole 10.65.0.0/26 proto 80", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
        Assert.Contains("blackhole fd00:65::/122", rig["h1"].Shell("ip -6 route"), StringComparison.Ordinal);
        // Without the route the host's default route would send it back to the fabric.
        rig.Fabric.Shell("nft 'add table bridge spy; add chain bridge spy f { type filter hook forward priority 0; }; add rule bridge spy f ip saddr 10.100.0.100 ip daddr 10.65.0.33 counter'");
        rig["x"].Shell("ping -c 1 -W 1 10.65.0.33 >/dev/null 2>&1 || true; timeout 1 bash -c 'exec 3<>/dev/tcp/10.65.0.33/8055' 2>/dev/null || true");
        string seen = rig.Fabric.Shell("nft list table bridge spy");
        Assert.Matches("counter packets [1-3] ", seen);

        Assert.True(await rig.Etcd.Delete(Overlays.Block("10.65.0.0/26", "h1").Key));
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.0/26") == "", "the block is gone and its route stays");
    }

    [Fact]
    public async Task A_borrowed_address_is_found_at_its_borrower()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        rig.AddWorkload(2, 5);
        await rig.Put(rig.Endpoint("v5").Spec("ipNetworks", new System.Text.Json.Nodes.JsonArray("10.65.0.40/32", "10.65.1.15/32")));
        rig["v5"].Shell("ip addr add 10.65.0.40/32 dev eth0");
        await rig.PutBlock("10.65.0.0/26", "h1", (10, "h1"), (40, "h2"));
        await rig.StartAgents();
        await rig.Round("w0↔v5 ✓", "w0↔v0 ✓");
        Assert.Contains("via 10.65.1.0 dev vxlan.calico", Routes.Of(rig["h1"], "10.65.0.40"), StringComparison.Ordinal);
        Assert.Contains("dev caliv5", Routes.Of(rig["h2"], "10.65.0.40"), StringComparison.Ordinal);
        Assert.Equal("yes", rig["w0"].Shell("timeout 2 bash -c 'exec 3<>/dev/tcp/10.65.0.40/8055' && echo yes || echo no").Trim());

        await rig.PutBlock("10.65.0.0/26", "h1", (10, "h1"));
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.40") == "", "the address is given back and its route stays");
    }

    [Fact]
    public async Task Routes_of_others_are_left_alone()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        rig["h1"].Shell("ip route add 10.99.0.0/16 via 10.100.0.254 proto static; ip route add 10.65.7.0/26 via 10.100.0.254 proto static; ip route add 10.98.0.0/16 via 10.100.0.254");
        string before = rig["h1"].Shell("ip route show proto static; ip route show proto boot");
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        await rig.PutBlock("10.65.7.0/26", "h2");
        await Poll.Until(() => rig.Agent().Log.Any(l => l.Contains("another program's route is in its place", StringComparison.Ordinal)), "a route in the way is not told");
        Assert.Equal(before, rig["h1"].Shell("ip route show proto static; ip route show proto boot"));
        await rig.Round("w0↔v0 ✓");
    }
}
