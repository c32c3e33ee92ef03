using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario02Tests
{
    [Fact]
    public async Task An_ingress_only_policy_leaves_egress_to_the_profiles()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource policy = Calico.NetworkPolicy("default", "p1").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'"));
        await rig.Put(policy);
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗", "w0→w1 ✓", "w0→w2 ✓", "v6 w1→w0 ✓", "v6 w2→w0 ✗");

        await rig.Delete(policy);
        await rig.Round("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✓", "w0→w1 ✓", "w0→w2 ✓");
    }
}
