using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario12Tests
{
    [Fact]
    public async Task Staged_policies_are_inert()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource staged = Calico.StagedGlobalNetworkPolicy("staged-twin").Spec("stagedAction", "Set").Selecting("name == 'w0'").In(Rule.Deny).Out(Rule.Deny);
        await rig.Put(staged,
            Calico.StagedNetworkPolicy("default", "staged-np").Spec("stagedAction", "Set").Selecting("name == 'w0'").In(Rule.Deny).Out(Rule.Deny),
            Calico.StagedKubernetesNetworkPolicy("default", "staged-knp").Spec("stagedAction", "Set")
                .Spec("podSelector", new JsonObject { ["matchLabels"] = new JsonObject { ["name"] = "w0" } }).Spec("policyTypes", new JsonArray("Ingress", "Egress")));
        await rig.Round("w0↔w1 ✓", "x→w0 ✓", "w0→x ✓");
        Assert.DoesNotContain(KernelRule.List(rig["h1"]), rule => !rule.Chain.Contains("staged-", StringComparison.Ordinal) && rule.Json.Contains("staged-", StringComparison.Ordinal));

        await rig.Put(staged.Spec("stagedAction", "Delete"));
        await rig.Round("w0↔w1 ✓", "x→w0 ✓");

        await rig.Put(staged, Calico.GlobalNetworkPolicy("staged-twin").Selecting("name == 'w0'").In(Rule.Deny).Out(Rule.Deny));
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "h1→w0 ✓");

        await rig.Delete(staged);
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "w1↔w2 ✓");
    }
}
