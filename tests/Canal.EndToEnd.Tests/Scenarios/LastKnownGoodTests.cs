using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>A host boots while etcd does not answer: an empty ruleset, links and routes as the host makes them, and the state directory of before.</summary>
public sealed class LastKnownGoodTests
{
    private static readonly Resource Guard = Calico.GlobalNetworkPolicy("guard").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'").SrcNets("10.65.0.0/24", "fd00:65::/64"));

    [Fact]
    public async Task The_boot_unit_puts_policy_back_before_etcd_answers_and_the_agent_goes_on_from_there()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await EnforceAndBootWithoutEtcd(rig);

        await rig.Agent().Restore();
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗", "v6 w1→w0 ✓", "v6 w2→w0 ✗");
        rig.Agent().Start();
        await Poll.Until(async () => await rig.Agent().Health("/liveness") is 200 or 204, TimeSpan.FromSeconds(30), () => $"the agent does not start without etcd; {rig.Agent().Story}");
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗", "v6 w1→w0 ✓", "v6 w2→w0 ✗");

        await rig.EtcdServer.Start();
        await rig.Put(Guard.In(Rule.Allow.Src("name == 'w2'")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✓");
    }

    /// <summary>Whenever after a change the agent is told to end: what is in force then is what a boot puts back, and nothing half-written stays.</summary>
    [Fact]
    public async Task What_is_in_force_when_the_agent_ends_is_written_down_by_its_end()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(Guard);
        await rig.StartAgents();
        foreach (int number in Enumerable.Range(0, 6))
        {
            await rig.Put(Calico.GlobalNetworkPolicy($"latest-{number}").Selecting("name == 'w0'").In(Rule.Deny.Src("name == 'w3'")));
            await Poll.Until(() => rig["h1"].Shell("nft list table inet canal").Contains($"gnp/latest-{number}", StringComparison.Ordinal), "the policy is not in force");
            // Not to wait for something: the end is to come at another moment of the writing each time.
            await Task.Delay(150 * number);
            Assert.Equal(0, await rig.Agent().Terminate());
            Assert.Contains($"gnp/latest-{number}", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(rig.Agent().KeptTable)), StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(rig.Agent().StateFolder, ".canal-*"));
            rig.Agent().Start();
            await Poll.Until(() => rig.Agent().Log.Any(line => line.Contains("in force at revision", StringComparison.Ordinal)), "the next agent does not come in force");
        }
    }

    [Fact]
    public async Task Without_the_boot_unit_the_agent_does_it_when_it_starts()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await EnforceAndBootWithoutEtcd(rig);
        rig.Agent().Start();
        await Poll.Until(() => rig.Agent().Log.Any(line => line.Contains("is in force again", StringComparison.Ordinal)), "the agent does not say that it put anything back");
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗", "v6 w2→w0 ✗");
    }

    [Fact]
    public async Task With_open_a_boot_without_etcd_enforces_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.Agent().Configure("""on_missing_datastore = "open" """);
        await EnforceAndBootWithoutEtcd(rig);
        await rig.Agent().Restore();
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✓");
    }

    [Fact]
    public async Task With_failsafe_only_a_boot_without_etcd_leaves_only_the_failsafe_ports_open()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["h1"].Listen(22);
        rig.Agent().Configure("""on_missing_datastore = "failsafe_only" """);
        await EnforceAndBootWithoutEtcd(rig);
        await rig.Agent().Restore();
        await rig.UnsettledRound("x→h1:22 ✓", "x→h1 ✗", "h1→x ✗", "w1→w0 ✗", "x→w0 ✗", "v6 x→h1:22 ✓", "v6 x→h1 ✗");

        await rig.EtcdServer.Start();
        rig.Agent().Start();
        await rig.Round("x→h1 ✓", "w1→w0 ✓", "w2→w0 ✗", "h1→x ✓");
    }

    private static async Task EnforceAndBootWithoutEtcd(NetworkRig rig)
    {
        await rig.Put(Guard);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        await Poll.Until(() => File.Exists(rig.Agent().KeptTable), "the policy in force is not written down");
        rig.Agent().Kill();
        rig.EtcdServer.Stop();
        rig["h1"].Shell("nft flush ruleset");
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✓");
    }
}
