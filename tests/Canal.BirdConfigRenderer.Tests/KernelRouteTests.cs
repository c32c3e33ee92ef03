using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Core.Tests.Bgp;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests;

/// <summary>What a rendered file does with routes of a kernel: a running BIRD in a namespace with an interface of the node's network.</summary>
public sealed class KernelRouteTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal static readonly BgpInputs Inputs = new()
    {
        NodeName = "a",
        Nodes = BgpSamples.Named(BgpSamples.Node("a", "10.0.0.1/24", "fd00::1/64"), BgpSamples.Node("b", "10.0.0.2/24", "fd00::2/64")),
        Pools = BgpSamples.Named(BgpSamples.Decode<IpPool>("v4", """{"cidr":"192.168.0.0/16","vxlanMode":"CrossSubnet"}"""), BgpSamples.Decode<IpPool>("v6", """{"cidr":"fd00:192::/32"}""")),
        Affinities = new Dictionary<Cidr, AffinityState> { [Cidr.Parse("192.168.1.0/26")] = AffinityState.Confirmed },
    };

    /// <summary>The filter that the sessions with other nodes tell routes by, asked of all routes of the main tables.</summary>
    private static readonly BirdSnippet Told = new("told.conf", """
        ipv4 table told4;
        ipv6 table told6;
        protocol pipe to_told4 { table master4; peer table told4; import none; export filter session_export4_internal; }
        protocol pipe to_told6 { table master6; peer table told6; import none; export filter session_export6_internal; }

        """);

    [Fact]
    public async Task A_prefix_that_is_advertised_comes_after_every_route_to_it()
    {
        BgpInputs inputs = Inputs with { Choices = new BgpChoices { AdvertisedPrefixes = [Cidr.Parse("203.0.113.0/24"), Cidr.Parse("198.51.100.0/24"), Cidr.Parse("2001:db8:7::/48")] } };
        Netns? netns = null;
        await using RunningBird bird = await RunningBird.Start(Text(inputs), where => Prepare(netns = where, "route add 203.0.113.0/24 dev eth0 metric 100", "route add 2001:db8:7::/48 dev eth0 metric 1024"));
        await Poll.Until(() => Routes(netns!, "-4").Contains("blackhole 198.51.100.0/24 proto bird metric 2147483647", StringComparison.Ordinal), Limit, "nothing stands for the advertised prefix");
        await Poll.Until(() => Routes(netns!, "-4").Contains("blackhole 203.0.113.0/24 proto bird metric 2147483647", StringComparison.Ordinal), Limit, "nothing stands for the prefix that has a route");
        await Poll.Until(() => Routes(netns!, "-6").Contains("blackhole 2001:db8:7::/48 dev lo proto bird metric 2147483647", StringComparison.Ordinal), Limit, $"no IPv6: {Routes(netns!, "-6")}");
        Assert.Contains("dev eth0", netns!.Shell("ip route get 203.0.113.9"), StringComparison.Ordinal);
        Assert.Contains("dev eth0", netns.Shell("ip -6 route get 2001:db8:7::9"), StringComparison.Ordinal);
        await Poll.Until(() => TellsAll(bird.Ask("show route table told4"), "203.0.113.0/24", "198.51.100.0/24"), Limit, "an advertised prefix is not told");
    }

    [Fact]
    public async Task Routes_to_other_nodes_that_the_policy_agent_made_are_not_told_as_ours()
    {
        Netns? netns = null;
        await using RunningBird bird = await RunningBird.Start(Text(Inputs), where => Prepare(netns = where,
            "route add 192.168.2.0/26 via 10.0.0.2 dev eth0 proto 80", "route add fd00:192:2::/122 via fd00::2 dev eth0 proto 80",
            "route add 192.168.77.7/32 dev eth0 proto 80 metric 1024", "route add 192.168.88.0/26 via 10.0.0.2 dev eth0 proto boot"));
        // A workload with a borrowed address, and a route of the administrator's, are this host's to tell.
        await Poll.Until(() => TellsAll(bird.Ask("show route table told4"), "192.168.1.0/26", "192.168.77.7/32", "192.168.88.0/26"), Limit, "what is ours is not told");
        await Poll.Until(() => TellsAll(bird.Ask("show route table master4"), "192.168.2.0/26") && TellsAll(bird.Ask("show route table master6"), "fd00:192:2::/122"), Limit, "the kernel's routes are not known");
        Assert.DoesNotContain("192.168.2.0/26", bird.Ask("show route table told4"), StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:192:2::/122", bird.Ask("show route table told6"), StringComparison.Ordinal);
        Assert.Contains("192.168.2.0/26 via 10.0.0.2", Routes(netns!, "-4"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snippets_do_what_they_say_at_each_place()
    {
        BirdSnippet[] snippets =
        [
            Told,
            new("definitions.conf", "define NO_KERNEL = 203.0.113.0/24; define NO_EXPORT = 192.168.50.0/26; define NO_IMPORT = 192.168.60.0/26;\ndefine NO_KERNEL6 = 2001:db8:7::/48; define NO_EXPORT6 = fd00:192:50::/64; define NO_IMPORT6 = fd00:192:60::/64;\n"),
            new("kernel-ipv4-x.conf", "if net = NO_KERNEL then reject;\n"), new("kernel-ipv6-x.conf", "if net = NO_KERNEL6 then reject;\n"),
            new("export-ipv4.conf", "if same_as && net = NO_EXPORT then reject;\n"), new("export-ipv6.conf", "if same_as && net = NO_EXPORT6 then reject;\n"),
            new("import-ipv4.conf", "if same_as && net = NO_IMPORT then reject;\n"), new("import-ipv6.conf", "if same_as && net = NO_IMPORT6 then reject;\n"),
            new("sessions-x.conf", "disabled yes;\n"),
            new("mine.conf", """
                protocol static mine4 { ipv4; route 203.0.113.0/24 blackhole; route 198.51.100.0/24 blackhole; route 192.168.50.0/26 blackhole; route 192.168.60.0/26 blackhole; }
                protocol static mine6 { ipv6; route 2001:db8:7::/48 blackhole; route 2001:db8:8::/48 blackhole; route fd00:192:50::/64 blackhole; route fd00:192:60::/64 blackhole; }
                ipv4 table heard4;
                ipv6 table heard6;
                protocol pipe to_heard4 { table master4; peer table heard4; import none; export filter session_import4_internal; }
                protocol pipe to_heard6 { table master6; peer table heard6; import none; export filter session_import6_internal; }

                """),
        ];
        Netns? netns = null;
        await using RunningBird bird = await RunningBird.Start(BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(Inputs).Configuration, BirdSnippets.Of(snippets), "stderr"), where => Prepare(netns = where));
        await Poll.Until(() => TellsAll(bird.Ask("show route table told4"), "192.168.60.0/26") && TellsAll(bird.Ask("show route table told6"), "fd00:192:60::/64"), Limit, "what is told does not arrive");
        await Poll.Until(() => TellsAll(bird.Ask("show route table heard4"), "192.168.50.0/26") && TellsAll(bird.Ask("show route table heard6"), "fd00:192:50::/64"), Limit, "what is learned does not arrive");
        await Poll.Until(() => Routes(netns!, "-4").Contains("198.51.100.0/24", StringComparison.Ordinal) && Routes(netns!, "-6").Contains("2001:db8:8::/48", StringComparison.Ordinal), Limit, "what goes to the kernel does not arrive");
        Assert.DoesNotContain("192.168.50.0/26", bird.Ask("show route table told4"), StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:192:50::/64", bird.Ask("show route table told6"), StringComparison.Ordinal);
        Assert.DoesNotContain("192.168.60.0/26", bird.Ask("show route table heard4"), StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:192:60::/64", bird.Ask("show route table heard6"), StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.0/24", Routes(netns!, "-4"), StringComparison.Ordinal);
        Assert.DoesNotContain("2001:db8:7::/48", Routes(netns!, "-6"), StringComparison.Ordinal);
        Assert.Matches(@"Mesh_10_0_0_2 +BGP +--- +down", bird.Ask("show protocols"));
    }

    private static string Text(BgpInputs inputs) => BirdWriter.Write(BirdDialect.Bird2, BirdPlanner.Plan(inputs).Configuration, BirdSnippets.Of([Told]), "stderr");

    internal static void Prepare(Netns where, params string[] more) => Command.IpBatch(
        ["link set lo up", "link add eth0 type veth peer name other", "link set other up", "addr add 10.0.0.1/24 dev eth0", "addr add fd00::1/64 dev eth0 nodad", "link set eth0 up", .. more], where);

    internal static string Routes(Netns where, string family) => where.Shell($"ip {family} route show");

    internal static bool TellsAll(string routes, params string[] prefixes) => prefixes.All(p => routes.Contains(p, StringComparison.Ordinal));
}
