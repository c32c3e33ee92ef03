using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario04Tests
{
    [Fact]
    public async Task Types_override_the_rule_lists()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource policy = Calico.NetworkPolicy("default", "p").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'")).Out(Rule.Deny);
        await rig.Put(policy.Types("Ingress"));
        await rig.Round("w0→w1 ✓", "w0→w2 ✓", "w1→w0 ✓", "w2→w0 ✗");

        await rig.Put(policy.Types("Ingress", "Egress"));
        await rig.Round("w0→w1 ✗", "w0→w2 ✗", "w1→w0 ✓", "w2→w0 ✗");

        await rig.Put(policy.Types("Egress"));
        await rig.Round("w2→w0 ✓", "w1→w0 ✓", "w0→w1 ✗", "w0→w2 ✗");

        await rig.Put(policy.Spec("egress", null).Types("Ingress", "Egress"));
        await rig.Round("w0→w1 ✗", "w0→w2 ✗", "w0→x ✗", "w1→w0 ✓", "w2→w0 ✗");
    }
}
