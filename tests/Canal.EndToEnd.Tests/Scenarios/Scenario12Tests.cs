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
        // Their chains only count: nothing in them accepts, drops, rejects or marks, and nothing but a jump leads there.
        IReadOnlyList<KernelRule> rules = KernelRule.List(rig["h1"]);
        Assert.All(rules.Where(r => r.Chain.StartsWith("staged-", StringComparison.Ordinal)), r => Assert.DoesNotMatch("\"(accept|drop|reject|mangle|log)\":", r.Json));

        await rig.Put(staged.Spec("stagedAction", "Delete"));
        await rig.Round("w0↔w1 ✓", "x→w0 ✓");

        await rig.Put(staged, Calico.GlobalNetworkPolicy("staged-twin").Selecting("name == 'w0'").In(Rule.Deny).Out(Rule.Deny));
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "h1→w0 ✓");

        await rig.Put(staged);
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "h1→w0 ✓");
        await rig.Delete(staged);
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "w1↔w2 ✓");
    }

    [Fact]
    public async Task They_count_what_they_would_decide()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Calico.StagedGlobalNetworkPolicy("trial").Selecting("name == 'w0'").In(Rule.Allow.Tcp.Src("name == 'w1'"), Rule.Deny.Tcp));
        // Packets pass with it and without: only the table tells that it is there.
        await Poll.Until(() => ValueTask.FromResult(rig.Agent().Ask("counters staged-").Contains("sgnp/trial", StringComparison.Ordinal)), TimeSpan.FromSeconds(30), () => $"the staged policy is not there; {rig.Agent().Story}");
        await rig.Round("w1→w0 ✓", "x→w0 ✓", "udp x→w0 ✓");
        Assert.InRange(Count(rig, "sgnp/trial ingress 0 would allow"), 2, 1000);
        Assert.InRange(Count(rig, "sgnp/trial ingress 1 would deny"), 2, 1000);
        Assert.InRange(Count(rig, "sgnp/trial ingress would leave it to the rest of its tier"), 2, 1000);

        long denied = Count(rig, "sgnp/trial ingress 1 would deny"), allowed = Count(rig, "sgnp/trial ingress 0 would allow");
        await rig.Round("w1→w0 ✓", "w1→w2 ✓");
        Assert.Equal(denied, Count(rig, "sgnp/trial ingress 1 would deny"));
        Assert.InRange(Count(rig, "sgnp/trial ingress 0 would allow"), allowed + 2, allowed + 1000);
    }

    /// <summary>What the agent tells of a rule, which is what the kernel lists; one rule may be several in the kernel, one for each family of addresses.</summary>
    private static long Count(NetworkRig rig, string comment)
    {
        string[] lines = [.. rig.Agent().Ask("counters staged-").Split('\n').Where(line => line.EndsWith(comment, StringComparison.Ordinal))];
        Assert.NotEmpty(lines);
        long told = lines.Sum(line => long.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(KernelRule.List(rig["h1"]).Where(rule => rule.Comment == comment).Sum(rule => rule.Packets), told);
        return told;
    }
}
