using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>The agent with iptables and ipset instead of nftables, of both flavours; and from one to the other.</summary>
public sealed class IptablesTests
{
    private static readonly Resource Guard = Calico.GlobalNetworkPolicy("guard").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'").SrcNets("10.65.0.0/24", "fd00:65::/64"));
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Flavours => ["legacy", "nft"];

    [Theory]
    [MemberData(nameof(Flavours))]
    public async Task Policy_is_enforced_changed_and_adopted_by_the_next_agent(string flavour)
    {
        await using NetworkRig rig = await Enforced(flavour);
        Assert.Equal("", rig["h1"].Shell("nft list tables inet"));
        await rig.Put(Guard.In(Rule.Allow.Src("name == 'w2'")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✓", "v6 w2→w0 ✓");
        string before = Held(rig, flavour);
        rig.Agent().Kill();
        await rig.UnsettledRound("w1→w0 ✗", "w2→w0 ✓");
        rig.Agent().Start();
        await Said(rig, "in force at revision");
        Assert.Equal(before, Held(rig, flavour));
        Assert.Contains("commits: 0", rig.Agent().Ask("status"), StringComparison.Ordinal);
        Assert.Contains("policy-in/gnp/guard", rig.Agent().Ask("counters policy-in/"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Flavours))]
    public async Task What_others_flush_comes_back(string flavour)
    {
        // The nft flavour is heard of, the other looked at.
        await using NetworkRig rig = await Enforced(flavour, flavour == "legacy" ? "iptables_refresh_interval = \"1s\"" : "iptables_refresh_interval = \"0s\"", $"ipsets_refresh_interval = \"0s\"", "iptables_post_write_check_interval = \"0s\"");
        rig["h1"].Shell($"iptables-{flavour} -w 5 -F; iptables-{flavour} -w 5 -X");
        await Said(rig, "iptables was changed");
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗", "v6 w2→w0 ✗");
    }

    [Theory]
    [MemberData(nameof(Flavours))]
    public async Task From_nftables_to_iptables_and_back_no_flow_is_held_up_and_nothing_passes(string flavour)
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(Guard);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        using Flow allowed = Flow.OneWay(rig["w1"], rig["w0"]), forbidden = Flow.OneWay(rig["w2"], rig["w0"]);
        await Restarted(rig, "with nftables is taken away", "dataplane = \"iptables\"", $"iptables_backend = \"{flavour}\"");
        Assert.Equal("", rig["h1"].Shell("nft list tables inet"));
        await Restarted(rig, $"with iptables ({flavour}) and ipset is taken away", "dataplane = \"nftables\"");
        Assert.DoesNotContain("canal-", Held(rig, flavour), StringComparison.Ordinal);
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗");
        Assert.Empty(allowed.Stop());
        forbidden.Stop();
        Assert.Equal(0, forbidden.Received);
    }

    [Theory]
    [MemberData(nameof(Flavours))]
    public async Task A_cleanup_leaves_nothing_behind(string flavour)
    {
        await using NetworkRig rig = await Enforced(flavour);
        rig["h1"].Shell($"iptables-{flavour} -w 5 -A FORWARD -s 203.0.113.9 -j DROP");
        rig.Agent().Kill();
        await rig.Agent().Cleanup();
        string held = Held(rig, flavour);
        Assert.DoesNotContain("canal-", held, StringComparison.Ordinal);
        Assert.Contains("-A FORWARD -s 203.0.113.9/32 -j DROP", held, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Flavours))]
    public async Task After_a_boot_without_etcd_the_policy_of_before_is_in_force(string flavour)
    {
        await using NetworkRig rig = await Enforced(flavour);
        await Poll.Until(() => File.Exists(rig.Agent().KeptTable), "the policy in force is not written down");
        rig.Agent().Kill();
        rig.EtcdServer.Stop();
        byte[] kept = await File.ReadAllBytesAsync(rig.Agent().KeptTable);
        await rig.Agent().Cleanup();
        await File.WriteAllBytesAsync(rig.Agent().KeptTable, kept);
        await rig.Agent().Restore();
        Assert.Contains("canal-policy-in/gnp/guard", Held(rig, flavour), StringComparison.Ordinal);
    }

    /// <summary>As systemd does, the test starts the agent again when it has ended; the next one does not ask etcd before it begins.</summary>
    [Fact]
    public async Task Etcd_may_say_which_and_no_flow_is_held_up_and_nothing_passes()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(Guard);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        using Flow allowed = Flow.OneWay(rig["w1"], rig["w0"]), forbidden = Flow.OneWay(rig["w2"], rig["w0"]);
        await StartedAgain(rig, NetworkRig.Configuration.Spec("nftablesMode", "Disabled").Spec("iptablesBackend", "Legacy"), "policy is programmed with iptables (legacy) and ipset");
        await Said(rig, "with nftables is taken away");
        await StartedAgain(rig, NetworkRig.Configuration.Spec("nftablesMode", "Auto"), "policy is programmed with nftables");
        await Said(rig, "with iptables (legacy) and ipset is taken away");
        Assert.Empty(allowed.Stop());
        forbidden.Stop();
        Assert.Equal(0, forbidden.Received);
    }

    private static async Task StartedAgain(NetworkRig rig, Resource configuration, string said)
    {
        await rig.Put(configuration);
        await Poll.Until(() => rig.Agent().HasExited, "the agent does not end");
        Assert.Contains("exited with 75", rig.Agent().Story, StringComparison.Ordinal);
        rig.EtcdServer.Stop();
        rig.Agent().Start();
        await Said(rig, said);
        await rig.EtcdServer.Start();
        await Said(rig, "in force at revision");
    }

    [Fact]
    public async Task Without_the_programs_the_agent_says_so_and_does_not_start()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.Agent().Configure("dataplane = \"iptables\"");
        rig.Agent().Environment["PATH"] = "/nonexistent";
        rig.Agent().Start();
        await Poll.Until(() => rig.Agent().HasExited, "the agent runs on");
        Assert.Contains(rig.Agent().Log, line => line.Contains("needs the programs of the packages iptables and ipset: ipset is not there", StringComparison.Ordinal));
        Assert.Contains("exited with 78", rig.Agent().Story, StringComparison.Ordinal);
    }

    private static async Task<NetworkRig> Enforced(string flavour, params string[] settings)
    {
        NetworkRig rig = await NetworkRig.OneHost();
        rig.Agent().Configure(["dataplane = \"iptables\"", $"iptables_backend = \"{flavour}\"", .. settings]);
        await rig.Put(Guard);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "v6 w1→w0 ✓", "v6 w2→w0 ✗");
        return rig;
    }

    /// <summary>A new agent with these settings, until it says so.</summary>
    private static async Task Restarted(NetworkRig rig, string said, params string[] settings)
    {
        rig.Agent().Configure(settings);
        Assert.Equal(0, await rig.Agent().Terminate());
        rig.Agent().Start();
        await Said(rig, said);
    }

    private static Task Said(NetworkRig rig, string words) =>
        Poll.Until(() => ValueTask.FromResult(rig.Agent().Log.Any(line => line.Contains(words, StringComparison.Ordinal))), Limit, () => $"the agent does not say '{words}'; {rig.Agent().Story}");

    /// <summary>All rules and sets, without counters, times and what the kernel chooses.</summary>
    private static string Held(NetworkRig rig, string flavour) =>
        rig["h1"].Shell($"iptables-{flavour}-save 2>/dev/null | grep -v '^[#:]'; ip6tables-{flavour}-save 2>/dev/null | grep -v '^[#:]'; ipset save | sed 's/^\\(create [^ ]* [^ ]*\\).*/\\1/' | sort");
}
