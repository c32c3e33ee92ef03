using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>apply --confirm of a policy that cuts a host off from everything, etcd and its operator's session too.</summary>
public sealed class ConfirmTests
{
    private const string Closing = """
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: {name: closing}
        spec:
          order: 1
          selector: host == 'h1'
          doNotTrack: true
          applyOnForward: true
          types: [Ingress, Egress]
          ingress: [{action: Deny}]
          egress: [{action: Deny}]
        """;

    [Fact]
    public async Task A_host_that_is_cut_off_from_etcd_takes_the_change_back_by_itself_and_then_in_etcd()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig.Agent().Configure("failsafe_inbound_host_ports = [\"none\"]\nfailsafe_outbound_host_ports = [\"none\"]");
        await rig.StartAgents();
        await rig.Put(Calico.Tier("default").Order(1_000_000), Calico.HostEndpoint("hep-h1", "h1", "eth0"),
            Calico.GlobalNetworkPolicy("open").Selecting("host == 'h1'").In(Rule.Allow).Out(Rule.Allow));
        await rig.Round("x→h1 ✓", "h1→x ✓");

        string file = Path.Combine(rig.Folder, "closing.yaml");
        await File.WriteAllTextAsync(file, Closing, TestContext.Current.CancellationToken);
        // The session dies with the change: nobody but the agent is left to take it back. The times leave room for a slow machine: a change must be in etcd when
        // the session dies, and its effect seen before the guard's time is up.
        rig.Fabric.Shell($"timeout -s KILL 8 {Binary.Find("canalctl")} --etcd http://127.0.0.1:2379 apply -f {file} --confirm 40s || true");
        await rig.UnsettledRound("x→h1 ✗", "h1→x ✗", "h1→w0 ✓");
        Assert.NotNull(await rig.Etcd.Get("/calico/resources/v3/projectcalico.org/globalnetworkpolicies/closing"));
        Assert.Single(await rig.Etcd.Keys("/canal/v1/guards/"));

        rig.RoundLimit = TimeSpan.FromSeconds(90);
        await rig.UnsettledRound("x→h1 ✓", "h1→x ✓");
        await Poll.Until(async () => (await rig.Etcd.Keys("/canal/v1/guards/")).Count == 0, TimeSpan.FromSeconds(90), () => "the guard is still there");
        Assert.Null(await rig.Etcd.Get("/calico/resources/v3/projectcalico.org/globalnetworkpolicies/closing"));
        await rig.Round("x→h1 ✓", "h1→x ✓");
    }
}
