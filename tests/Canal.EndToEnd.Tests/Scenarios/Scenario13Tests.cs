using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario13Tests
{
    [Fact]
    public async Task Selectors_of_a_namespaced_policy_stay_in_their_namespace()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Delete(rig.Endpoint("w2"));
        await rig.Put(rig.Endpoint("w0").Labels(("role", "a")), rig.Endpoint("w1").Labels(("role", "a")),
            rig.Endpoint("w2", "blue").Labels(("role", "a")).Profiles("open", "kns.blue"),
            Calico.Profile("kns.blue").In(Rule.Allow).Out(Rule.Allow).Spec("labelsToApply", new JsonObject { ["pcns.projectcalico.org/name"] = "blue" }));
        await rig.StartAgents();
        Resource policy = Calico.NetworkPolicy("default", "p").Selecting("name == 'w0'");
        await rig.Put(policy.In(Rule.Allow.Src("role == 'a'")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.Src("role == 'a'").SrcNamespaces("projectcalico.org/name == 'blue'")));
        await rig.Round("w2→w0 ✓", "w1→w0 ✗", "x→w0 ✗");

        Resource set = Calico.GlobalNetworkSet("outside", "10.100.0.100").Labels(("role", "a"));
        await rig.Put(set, policy.In(Rule.Allow.Src("role == 'a'").SrcNamespaces("global()")));
        await rig.Round("x→w0 ✓", "w1→w0 ✗", "w2→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.SrcNets("10.65.0.12/32")));
        await rig.Round("w2→w0 ✓", "w1→w0 ✗", "x→w0 ✗");

        await rig.Delete(policy);
        await rig.Put(Calico.GlobalNetworkPolicy("everyone").Selecting("role == 'a'").In(Rule.Allow.Src("role == 'a'")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✓", "w0→w2 ✓", "x→w0 ✓");

        await rig.Delete(set);
        await rig.Round("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✗");
    }
}
