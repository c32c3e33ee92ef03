using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario01Tests
{
    [Fact]
    public async Task Profiles_decide_when_no_policy_matches()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(rig.Endpoint("w1").Profiles("closed"), rig.Endpoint("w2").Spec("profiles", null));
        await rig.StartAgents();
        await rig.Round("w0→w1 ✗", "w1→w0 ✗", "w0→w2 ✗", "w2→w0 ✗", "x→w0 ✓", "w0→x ✓", "h1→w1 ✓", "h1→w2 ✓");

        await rig.Put(rig.Endpoint("w1").Profiles("closed", "open"));
        await rig.Round("w0↔w1 ✓", "x→w1 ✓", "w0→w2 ✗", "v6 w0↔w1 ✓", "v6 w0→w2 ✗");

        await rig.Put(rig.Endpoint("w1").Profiles("missing"));
        await rig.Round("w0↔w1 ✗", "x→w0 ✓");
    }
}
