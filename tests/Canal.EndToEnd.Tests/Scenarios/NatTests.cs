using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class NatTests
{
    [Fact]
    public async Task Traffic_that_leaves_all_pools_takes_the_hosts_address_where_the_pool_says_so()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(2, 1);
        // x cannot answer workloads any more, only hosts.
        rig["x"].Shell("ip route del 10.65.0.0/16; ip -6 route del fd00:65::/32");
        await rig.StartAgents();
        await rig.Round("w0→x ✗", "v6 w0→x ✗", "w0→w1 ✓", "w0→v0 ✓", "h1→x ✓");

        await rig.Put(Pool(true), Pool6(true), Calico.GlobalNetworkPolicy("own").Selecting("name in {'w1', 'v0'}").In(Rule.Allow.Src("name == 'w0'")));
        await rig.Round("w0→x ✓", "udp w0→x ✓", "ping w0→x ✓", "v6 w0→x ✓", "w0→w1 ✓", "w0→v0 ✓", "w0→h2 ✓");
        await Poll.Until(() => rig["h1"].Shell("nft list chain inet canal nat-postrouting").Contains("masquerade", StringComparison.Ordinal), "no rule for outgoing traffic");

        await rig.Put(Pool(false), Pool6(false));
        await rig.Round("w0→x ✗", "v6 w0→x ✗", "w0→w1 ✓");
        Assert.DoesNotContain("nat-postrouting", rig["h1"].Shell("nft list table inet canal"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_floating_address_leads_to_its_workload_from_everywhere()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(NetworkRig.Configuration.Spec("floatingIPs", "Enabled"),
            rig.Endpoint("w0").Spec("ipNATs", new JsonArray(new JsonObject { ["internalIP"] = "10.65.0.10", ["externalIP"] = "10.65.0.200" })));
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✓");
        foreach (string from in new[] { "x", "w1", "h1", "w0" })
            Assert.True(Connects(rig[from], "10.65.0.200"), $"{from} does not reach the floating address");
        Assert.Contains("dev caliw0", Routes.Of(rig["h1"], "10.65.0.200"), StringComparison.Ordinal);

        await rig.Put(Calico.GlobalNetworkPolicy("some").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'")));
        await rig.Settle();
        Assert.True(Connects(rig["w1"], "10.65.0.200"), "policy forbids what it allows");
        Assert.False(Connects(rig["x"], "10.65.0.200"), "the floating address goes around policy");

        await rig.Put(NetworkRig.Configuration.Spec("floatingIPs", "Disabled"));
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.200") == "", "the route to the floating address stays");
        Assert.False(Connects(rig["w1"], "10.65.0.200"), "the floating address still works");
    }

    private static bool Connects(RigNode from, string address) =>
        from.Shell($"timeout 2 bash -c 'exec 3<>/dev/tcp/{address}/8055' 2>/dev/null && echo yes || echo no").Trim() == "yes";

    private static Resource Pool(bool nat) => Calico.IpPool("p", "10.65.0.0/16").Spec("blockSize", 26).Spec("natOutgoing", nat);

    private static Resource Pool6(bool nat) => Calico.IpPool("p6", "fd00:65::/32").Spec("blockSize", 122).Spec("natOutgoing", nat);
}
