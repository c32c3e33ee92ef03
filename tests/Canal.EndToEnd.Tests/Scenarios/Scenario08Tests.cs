using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario08Tests
{
    [Fact]
    public async Task Pass_leaves_the_tier_for_the_profiles()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy("pass").Selecting("name == 'w0'").In(Rule.Pass.Src("name == 'w1'"), Rule.Deny));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");

        await rig.Put(rig.Endpoint("w0").Profiles("closed"));
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "h1→w0 ✓");

        await rig.Put(rig.Endpoint("w0").Profiles("closed", "open"));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "w0→w1 ✓");
    }
}
