using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario05Tests
{
    [Fact]
    public async Task An_empty_rule_list_isolates_and_the_deny_is_counted()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Put(Calico.NetworkPolicy("default", "isolate").Selecting("name == 'w0'").In());
        await rig.Round("w1→w0 ✗", "x→w0 ✗", "w0→w1 ✓", "h1→w0 ✓");

        long before = EndOfTier(rig);
        await rig.Round("w1→w0 ✗", "x→w0 ✗", "udp w1→w0 ✗", "h1→w0 ✓");
        Assert.True(EndOfTier(rig) >= before + 3, $"three probes were denied at the end of the tier, but its counter went from {before} to {EndOfTier(rig)}");
    }

    private static long EndOfTier(NetworkRig rig)
    {
        KernelRule[] denies = [.. KernelRule.List(rig["h1"])
            .Where(r => r.Comment.StartsWith("end of tier default", StringComparison.OrdinalIgnoreCase) && (r.Comment + " " + r.Chain).Contains("w0", StringComparison.Ordinal))];
        Assert.NotEmpty(denies);
        Assert.All(denies, deny => Assert.True(deny.Packets >= 0, $"no counter: {deny.Json}"));
        return denies.Sum(d => d.Packets);
    }
}
