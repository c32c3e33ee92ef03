using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario23Tests
{
    [Theory]
    [InlineData("eth0")]
    [InlineData("*")]
    public async Task Only_policy_that_applies_on_forward_touches_forwarded_traffic(string interfaceName)
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("hep-h1", "h1", interfaceName).Profiles("open"), Calico.HostEndpoint("hep-h2", "h2", interfaceName).Profiles("open"));
        await rig.Round("w0↔v0 ✓", "w0→h2 ✓", "h1↔h2 ✓", "h1→v0 ✓");

        Resource onH2 = Calico.GlobalNetworkPolicy("h2").Selecting("host == 'h2' && has(host-endpoint)");
        await rig.Put(onH2.In(Rule.Deny));
        await rig.Round("h1→h2 ✗", "h1→v0 ✓", "w0→v0 ✓", "v6 h1→h2 ✗", "v6 h1→v0 ✓");

        await rig.Put(onH2.Spec("applyOnForward", true).In(Rule.Allow.Src("name == 'v0'")).Out(Rule.Allow),
            Calico.GlobalNetworkPolicy("h1").Selecting("host == 'h1' && has(host-endpoint)").Spec("applyOnForward", true).In(Rule.Allow).Out(Rule.Allow));
        await rig.Round("h1→v0 ✗", "w0→v0 ✗", "v0→w0 ✓", "h1→h2 ✗", "v6 w0→v0 ✗", "v6 v0→w0 ✓");
    }

    [Fact]
    public async Task Egress_policy_alone_denies_nothing_that_comes_in()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("hep-h2", "h2", "eth0").Profiles("open"),
            Calico.GlobalNetworkPolicy("out").Selecting("host == 'h2'").Spec("applyOnForward", true).Out(Rule.Deny));
        await rig.Round("w0→v0 ✓", "v0→w0 ✗", "x→v0 ✓", "v6 w0→v0 ✓", "v6 v0→w0 ✗");
    }

    [Fact]
    public async Task Untracked_policy_needs_both_directions_and_failsafe_ports_go_on()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig["h1"].Listen(22);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("raw").Selecting("has(host-endpoint)").Spec("doNotTrack", true).Spec("applyOnForward", true);
        await rig.Put(Calico.HostEndpoint("hep-h1", "h1", "eth0"));
        await rig.Round("x→h1 ✗", "x→h1:22 ✓", "x→w0 ✓");
        // A first glance before the endpoint was in force may have left some.
        string[] before = Tracked(rig);

        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts(8055)).Out(Rule.Allow.Tcp.SrcPorts(8055)));
        await rig.Round("x→h1 ✓", "v6 x→h1 ✓", "udp x→h1 ✗", "x→h1:22 ✓", "h1→x ✗");
        Assert.Empty(Tracked(rig).Except(before));

        // Only one way: the answers are tracked, and belong to no connection.
        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts(8055)).Types("Ingress"));
        await rig.Round("x→h1 ✗", "x→h1:22 ✓");

        await rig.Put(policy.In(Rule.Deny.Tcp).Out(Rule.Deny).Types("Ingress", "Egress"));
        await rig.Round("x→h1 ✗", "x→h1:22 ✓", "x→w0 ✗", "v6 x→h1:22 ✓");
    }

    /// <summary>Source ports of the connections to the host's probed port that the kernel tracks.</summary>
    private static string[] Tracked(NetworkRig rig) =>
        rig["h1"].Shell("grep 'dst=10.100.0.1 .*dport=8055' /proc/net/nf_conntrack 2>/dev/null | grep -o 'sport=[0-9]*' | sort -u || true").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
