using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario10Tests
{
    [Fact]
    public async Task A_tiers_default_action_changes_live()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 2);
        await rig.StartAgents();
        Resource tier = Calico.Tier("tier1").Order(1);
        await rig.Put(tier,
            Calico.GlobalNetworkPolicy("a-all").Selecting("name == 'w0'").In(Rule.Allow).Out(Rule.Allow),
            Calico.GlobalNetworkPolicy("tier1.e").Tier("tier1").Selecting("name == 'v0'").In(Rule.Allow.Src("name == 'v1'")).Out(Rule.Allow.Dst("name == 'v1'")));
        await rig.Round("w0→v0 ✗", "v0→w0 ✗", "v0↔v1 ✓");

        await rig.Put(tier.Spec("defaultAction", "Pass"));
        await rig.Round("w0→v0 ✓", "v0→w0 ✓", "v0↔v1 ✓");

        await rig.Put(tier.Spec("defaultAction", "Deny"));
        await rig.Round("w0→v0 ✗", "v0→w0 ✗", "v0↔v1 ✓");

        await rig.Put(tier);
        await rig.Round("w0→v0 ✗", "v0→w0 ✗", "v0↔v1 ✓");
    }
}
