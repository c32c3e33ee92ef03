using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario07Tests
{
    private const string Prefix = "lp default gnp logged: ";

    [Fact]
    public async Task Log_does_not_decide()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        Resource configuration = NetworkRig.Configuration.Spec("logPrefix", "lp %t %k %p");
        await rig.Put(configuration);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("logged").Selecting("name == 'w0'");
        Rule log = Rule.Log.Src("name == 'w1'");
        await rig.Put(policy.In(log, Rule.Allow.Src("name == 'w1'")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        Assert.True(Logged(rig) > 0, "the log rule saw nothing");

        await rig.Put(policy.In(log));
        await rig.Round("w1→w0 ✗", "w0→w1 ✓");
        long before = Logged(rig);
        await rig.Round("w1→w0 ✗", "w0→w1 ✓");
        Assert.True(Logged(rig) > before, $"the log rule's counter stayed at {before}");

        await rig.Put(configuration.Spec("logActionRateLimit", "10/minute").Spec("logActionRateLimitBurst", 5));
        await Poll.Until(() => LogRules(rig).All(r => r.Limit == "10/minute burst 5"), "the log rule carries no limit 10/minute burst 5");
    }

    private static long Logged(NetworkRig rig) => LogRules(rig).Sum(r => r.Packets);

    private static KernelRule[] LogRules(NetworkRig rig)
    {
        KernelRule[] rules = [.. KernelRule.List(rig["h1"]).Where(r => r.LogPrefix == Prefix)];
        Assert.True(rules.Length > 0, $"no rule has log prefix '{Prefix}'");
        return rules;
    }
}
