using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario11Tests
{
    [Fact]
    public async Task A_policy_of_a_missing_tier_comes_last_and_still_denies()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource allow = Calico.GlobalNetworkPolicy("allow").Selecting("name == 'w0'").In(Rule.Allow);
        Resource tier = Calico.Tier("ghost").Order(1);
        await rig.Put(Calico.GlobalNetworkPolicy("ghost.deny").Tier("ghost").Selecting("name == 'w0'").In(Rule.Deny.Src("name == 'w1'")), allow);
        await rig.Round("w1→w0 ✓", "w2→w0 ✓");

        await rig.Delete(allow);
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "w0→w1 ✓");

        await rig.Put(tier);
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "w0→w1 ✓");

        await rig.Put(allow);
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "w0→w1 ✓");

        await rig.Put(tier.Order(1_000_001));
        await rig.Round("w1→w0 ✓", "w2→w0 ✓");
    }
}
