using System.Diagnostics;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Iptables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>The dataplane of iptables over the host's own programs, of both flavours.</summary>
public sealed class IptablesTests
{
    private static readonly FelixParameters Parameters = new() { DropGroup = 170 };

    private static readonly Resource[] Cluster =
    [
        NewTier("first", order: 1),
        Open(),
        Workload("w0", "10.0.0.1, fd00::1", "app=web", "open", ports: "http=8080/TCP"),
        Workload("w1", "10.0.0.2", "app=db", "open"),
        Workload("w2", "10.0.1.3, fd00::3", "app=web", "open", ports: "http=8081/TCP", node: "h2"),
        GlobalNetworks("partners", "192.0.2.0/24, 2001:db8::/32", "partner=yes"),
        GlobalNetworks("everybody", "0.0.0.0/0, ::/0", "everybody=yes"),
        GlobalPolicy("guard", "app == 'db'", [Deny(Entity(selector: "partner == 'yes'")), Pass()], tier: "first"),
        GlobalPolicy("all", "app == 'db'", [Allow(Entity(selector: "everybody == 'yes'"), protocol: "UDP")]),
        NamespacePolicy("default", "db", "app == 'db'", [Allow(Entity(selector: "app == 'web'"), Entity(ports: "5432,6000:6010"), "TCP"), Log()], order: 10),
        GlobalPolicy("out", "app == 'web'", egress: [Allow(to: Entity(selector: "app == 'web'", ports: "http"), protocol: "TCP"), Deny(to: Entity(nets: "10.0.0.0/8,172.16.0.0/12")), Allow()]),
        Staged(GlobalPolicy("tried", "app == 'web'", [Deny(Entity(nets: "198.51.100.7/32"))])),
        Host("h1-eth0", "192.168.250.1", profiles: "open"),
    ];

    public static TheoryData<PacketFilter> Flavours => [PacketFilter.IptablesLegacy, PacketFilter.IptablesNft];

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_new_agent_finds_nothing_to_write(PacketFilter filter) => Run(filter, host =>
    {
        string before = Rules(host);
        Assert.False(host.Restart(filter, Parameters));
        Assert.Equal(0, host.Dataplane.Commits);
        Assert.Equal(before, Rules(host));
    });

    /// <summary>Lists of bad addresses begin with it, and ipset has no room for it.</summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void The_address_of_nobody_in_lists_holds_up_nothing(PacketFilter filter) => Run(filter, host =>
    {
        Resource[] blocklist =
        [
            GlobalNetworks("bad", "0.0.0.0, 203.0.113.5, ::, 2001:db8::5", "bad=yes"),
            Workload("nobody", "10.0.0.9, 0.0.0.0", "app=db", "open", ports: "pg=5432/TCP", node: "h2"),
            GlobalPolicy("no-bad", "app == 'db'", [Deny(Entity(selector: "bad == 'yes'")), Deny(Entity(nets: "0.0.0.0/32,203.0.113.6/32,::/128,2001:db8::6/128")), Allow(to: Entity(selector: "app == 'db'", ports: "pg"), protocol: "TCP")]),
        ];
        host.Apply(blocklist.Select(r => (r.Key, (Resource?)r)), Parameters);
        string sets = host.Programs.SaveSets();
        foreach (string member in (string[])["203.0.113.5", "203.0.113.6", "2001:db8::5", "2001:db8::6", "10.0.0.9,tcp:5432"]) Assert.Contains(" " + member + "\n", sets, StringComparison.Ordinal);
        Assert.Empty(host.Dataplane.Closed);
        Assert.False(host.Restart(filter, Parameters));
        host.Apply(blocklist.Select(r => (r.Key, (Resource?)null)), Parameters);
        Assert.DoesNotContain("203.0.113", host.Programs.SaveSets(), StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_new_agent_writes_the_one_chain_that_is_different(PacketFilter filter) => Run(filter, host =>
    {
        host.Programs.Restore(IpFamily.V4, "*filter\n-A canal-policy-in/gnp/all -j ACCEPT\nCOMMIT\n");
        host.Programs.RestoreSets($"add {SetWith(host, "192.0.2.0/24")} 203.0.113.0/24\n");
        Assert.True(host.Restart(filter, Parameters));
        Assert.InRange(host.Dataplane.LastMessages, 2, 10);
        Assert.DoesNotContain("203.0.113.0/24", host.Programs.SaveSets(), StringComparison.Ordinal);
        Assert.False(host.Repair());
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void What_others_have_stays_and_what_they_take_from_us_comes_back(PacketFilter filter) => Run(filter, host =>
    {
        const string Others = "*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -s 203.0.113.9/32 -j DROP\n-I FORWARD 1 -j DOCKER-USER\n-A INPUT -s 203.0.113.10/32 -j DROP\nCOMMIT\n";
        host.Programs.Restore(IpFamily.V4, Others);
        host.Programs.RestoreSets("create others hash:ip\nadd others 203.0.113.11\n");
        Assert.True(host.Repair());
        string whole = Rules(host);
        Assert.StartsWith("-A FORWARD -m comment --comment \"canal:", whole.Split('\n').First(l => l.StartsWith("-A FORWARD ", StringComparison.Ordinal)).Replace("--comment canal:", "--comment \"canal:"), StringComparison.Ordinal);
        host.Programs.Restore(IpFamily.V4, "*filter\n-F canal-FORWARD\n-F canal-from-workload\n-D FORWARD 1\nCOMMIT\n");
        Assert.NotEqual(whole, Rules(host));
        Assert.True(host.Repair());
        Assert.Equal(whole, Rules(host));
        host.Filter.Remove();
        string rest = Rules(host);
        Assert.DoesNotContain("canal-", rest, StringComparison.Ordinal);
        foreach (string line in (string[])["-A DOCKER-USER -s 203.0.113.9/32 -j DROP", "-A FORWARD -j DOCKER-USER", "-A INPUT -s 203.0.113.10/32 -j DROP", "add others 203.0.113.11"])
            Assert.Contains(line, rest, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(PacketFilter.IptablesLegacy, "*filter\n-D FORWARD 1\nCOMMIT\n", "")]
    [InlineData(PacketFilter.IptablesLegacy, "*filter\n-F canal-FORWARD\nCOMMIT\n", "")]
    [InlineData(PacketFilter.IptablesLegacy, "*filter\n-F canal-policy-in/gnp/guard\nCOMMIT\n", "destroy SET\n")]
    [InlineData(PacketFilter.IptablesLegacy, "", "flush SET\n")]
    [InlineData(PacketFilter.IptablesNft, "", "flush SET\n")]
    [InlineData(PacketFilter.IptablesNft, "", "del SET 192.0.2.0/24\n")]
    public void What_nobody_tells_of_is_back_within_two_seconds(PacketFilter filter, string rules, string sets) => Run(filter, host =>
    {
        host.Restart(filter, Parameters with { Iptables = new IptablesParameters { Refresh = TimeSpan.Zero, PostWriteCheck = TimeSpan.Zero } });
        string whole = Rules(host);
        string set = SetWith(host, "192.0.2.0/24");
        Assert.False(host.Dataplane.Check());
        if (rules.Length > 0) host.Programs.Restore(IpFamily.V4, rules);
        if (sets.Length > 0) host.Programs.RestoreSets(sets.Replace("SET", set, StringComparison.Ordinal));
        Assert.NotEqual(whole, Rules(host));
        long damaged = Stopwatch.GetTimestamp();
        while (!(host.Dataplane.CheckDue <= DateTimeOffset.UtcNow && host.Dataplane.Check()) && Stopwatch.GetElapsedTime(damaged) < TimeSpan.FromSeconds(10)) Thread.Sleep(20);
        Assert.InRange(Stopwatch.GetElapsedTime(damaged).TotalSeconds, 0, 2);
        Assert.Equal(whole, Rules(host));
    });

    /// <summary>The numbers of IPSET_ATTR and of struct ipt_getinfo are right: each change shows, and nothing else does.</summary>
    [Fact]
    public void A_glance_shows_each_change() => Run(PacketFilter.IptablesLegacy, host =>
    {
        int Glance() => host.Programs.Glance([IpFamily.V4, IpFamily.V6], "canal-");
        int before = Glance();
        Assert.Equal(before, Glance());
        host.Programs.RestoreSets("create others hash:ip\nadd others 203.0.113.11\n");
        Assert.Equal(before, Glance());
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
        {
            host.Programs.Restore(family, "*filter\n-A INPUT -j DROP\nCOMMIT\n");
            Assert.NotEqual(before, Glance());
            host.Programs.Restore(family, "*filter\n-D INPUT -j DROP\nCOMMIT\n");
            Assert.Equal(before, Glance());
        }
        host.Programs.RestoreSets("create canal-more bitmap:port range 0-65535\n");
        int more = Glance();
        Assert.NotEqual(before, more);
        host.Programs.RestoreSets("add canal-more 80\n");
        Assert.NotEqual(more, Glance());
        if (Environment.GetEnvironmentVariable("CANAL_MEASURE") is null) return;
        host.Programs.RestoreSets(string.Concat(Enumerable.Range(0, 1000).Select(i => $"create canal-x-{i} hash:ip\nadd canal-x-{i} 192.0.2.1\n")));
        Glance();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100; i++) Glance();
        Assert.Fail($"{Stopwatch.GetElapsedTime(start).TotalMilliseconds / 100} ms with 1000 sets");
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_change_of_one_policy_writes_its_chain_alone(PacketFilter filter) => Run(filter, host =>
    {
        Resource changed = GlobalPolicy("all", "app == 'db'", [Allow(protocol: "TCP")]);
        host.Apply([(changed.Key, changed)], Parameters);
        Assert.InRange(host.Dataplane.LastMessages, 3, 15);
        Assert.Contains("-A canal-policy-in/gnp/all -p tcp", Rules(host), StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void Sets_go_with_the_policy_that_looked_them_up(PacketFilter filter) => Run(filter, host =>
    {
        string set = SetWith(host, "192.0.2.0/24");
        host.Apply([(new ResourceKey(ResourceKind.GlobalNetworkPolicy, null, "guard"), null)], Parameters);
        for (int turn = 0; turn < 100 && host.Programs.SaveSets().Contains($"create {set} ", StringComparison.Ordinal); turn++)
        {
            Thread.Sleep(50);
            host.Dataplane.Check();
        }
        Assert.DoesNotContain($"create {set} ", host.Programs.SaveSets(), StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void What_is_kept_for_the_next_boot_is_all_of_it(PacketFilter filter) => Run(filter, host =>
    {
        string before = Rules(host);
        ReadOnlyMemory<byte> kept = host.Dataplane.Whole()!.Value;
        host.Filter.Remove();
        Assert.False(host.Filter.IsInForce());
        Assert.Null(host.Filter.Load(kept));
        Assert.Equal(before, Rules(host));
        Assert.False(host.Restart(filter, Parameters));
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void Counters_are_told_under_the_names_of_policies(PacketFilter filter) => Run(filter, host =>
    {
        Assert.Contains("0 0 policy-in/np/default/db np/default/db ingress 0 allow\n", host.Dataplane.Counters(""), StringComparison.Ordinal);
        Assert.DoesNotContain("policy-in", host.Dataplane.Counters("policy-out/"), StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_refused_program_says_why_and_where(PacketFilter filter) => Run(filter, host =>
    {
        IptablesException refusal = Assert.Throws<IptablesException>(() => host.Programs.Restore(IpFamily.V4, "*filter\n:canal-x - [0:0]\n-A canal-x -j NONE-SUCH\nCOMMIT\n"));
        Assert.True(refusal.Line is 3 or 4, refusal.Message);
        Assert.Contains("NONE-SUCH", refusal.Message, StringComparison.Ordinal);
    });

    private static void Run(PacketFilter filter, Action<PolicyHost> test) => PolicyHost.Run(["caliw0", "caliw1"], host =>
    {
        host.Apply(Cluster.Select(r => (r.Key, (Resource?)r)), Parameters);
        test(host);
    }, filter);

    /// <summary>All that iptables, ip6tables and ipset hold, without counters and times.</summary>
    private static string Rules(PolicyHost host) =>
        string.Join('\n', $"{host.Programs.Save(IpFamily.V4)}{host.Programs.Save(IpFamily.V6)}{string.Join('\n', host.Programs.SaveSets().Split('\n').Select(Stable).Order(StringComparer.Ordinal))}".Split('\n').Where(l => !l.StartsWith('#') && !l.StartsWith(':')));

    /// <summary>A set's line without what the kernel chooses.</summary>
    private static string Stable(string line) => line.StartsWith("create ", StringComparison.Ordinal) ? string.Join(' ', line.Split(' ').Take(3)) : line;

    private static string SetWith(PolicyHost host, string member) =>
        host.Programs.SaveSets().Split('\n').First(l => l.StartsWith("add canal-p4-", StringComparison.Ordinal) && l.EndsWith($" {member}", StringComparison.Ordinal)).Split(' ')[1];
}
