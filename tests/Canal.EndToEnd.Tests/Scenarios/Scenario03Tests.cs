using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario03Tests
{
    [Fact]
    public async Task An_egress_only_policy_leaves_ingress_to_the_profiles()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Calico.NetworkPolicy("default", "p1").Selecting("name == 'w0'").Out(Rule.Allow.Dst("name == 'w1'")));
        await rig.Round("w0→w1 ✓", "w0→w2 ✗", "w0→x ✗", "w1→w0 ✓", "w2→w0 ✓", "udp w0→w1 ✓", "udp w0→w2 ✗");
    }
}
