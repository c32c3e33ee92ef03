using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests;

/// <summary>What the files for BIRD 1.6 do with routes of a kernel, as <see cref="KernelRouteTests"/> asks of BIRD 2: its running processes judge them.</summary>
public sealed class Bird16KernelRouteTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly BgpInputs Inputs = KernelRouteTests.Inputs with
    {
        Choices = new BgpChoices { AdvertisedPrefixes = [Cidr.Parse("203.0.113.0/24"), Cidr.Parse("2001:db8:7::/48")] },
        Affinities = new Dictionary<Cidr, AffinityState> { [Cidr.Parse("192.168.1.0/26")] = AffinityState.Confirmed, [Cidr.Parse("fd00:192:1::/122")] = AffinityState.Confirmed },
    };

    [Fact]
    public async Task In_IPv4()
    {
        Netns? netns = null;
        await using RunningBird bird = await RunningBird.Start(Text(IpFamily.V4), where => KernelRouteTests.Prepare(netns = where,
            "route add 203.0.113.0/24 dev eth0 metric 100", "route add 192.168.2.0/26 via 10.0.0.2 dev eth0 proto 80", "route add 192.168.1.7/32 dev eth0 proto 80 metric 1024",
            "route add 192.168.1.8/32 dev eth0 proto 80 metric 512", "route add 192.168.77.7/32 dev eth0 proto 80 metric 1024", "route add 192.168.88.0/26 via 10.0.0.2 dev eth0 proto boot"), Bird16.Program);
        // A workload on its way here (its metric is lower) and one with a borrowed address are told beside the block, which stands for the others.
        await Poll.Until(() => KernelRouteTests.TellsAll(bird.Ask("show route table told"), "192.168.1.0/26", "192.168.1.8/32", "192.168.77.7/32", "192.168.88.0/26", "203.0.113.0/24"), Limit, "what is ours is not told");
        await Poll.Until(() => KernelRouteTests.TellsAll(bird.Ask("show route"), "192.168.2.0/26", "192.168.1.7/32"), Limit, "the kernel's routes are not known");
        foreach (string other in (string[])["192.168.2.0/26", "192.168.1.7/32"]) Assert.DoesNotContain(other, bird.Ask("show route table told"), StringComparison.Ordinal);
        Assert.Contains("BGP.local_pref: 2147483135", bird.Ask("show route table told for 192.168.1.8/32 all"), StringComparison.Ordinal);
        Assert.Contains("BGP.local_pref: 2147482623", bird.Ask("show route table told for 192.168.1.0/26 all"), StringComparison.Ordinal);
        await Poll.Until(() => KernelRouteTests.Routes(netns!, "-4").Contains("blackhole 203.0.113.0/24 proto bird metric 2147483647", StringComparison.Ordinal), Limit, "nothing stands for the advertised prefix");
        Assert.Contains("dev eth0", netns!.Shell("ip route get 203.0.113.9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_IPv6()
    {
        Netns? netns = null;
        await using RunningBird bird = await RunningBird.Start(Text(IpFamily.V6), where => KernelRouteTests.Prepare(netns = where,
            "route add 2001:db8:7::/48 dev eth0 metric 1024", "route add fd00:192:2::/122 via fd00::2 dev eth0 proto 80", "route add fd00:192:77::7/128 dev eth0 proto 80 metric 1024",
            "route add fd00:192:1::7/128 dev eth0 proto 80 metric 1024"), Bird16.Program6);
        await Poll.Until(() => KernelRouteTests.TellsAll(bird.Ask("show route table told"), "fd00:192:1::/122", "fd00:192:77::7/128", "2001:db8:7::/48"), Limit, "what is ours is not told");
        await Poll.Until(() => KernelRouteTests.TellsAll(bird.Ask("show route"), "fd00:192:2::/122", "fd00:192:1::7/128"), Limit, "the kernel's routes are not known");
        foreach (string other in (string[])["fd00:192:2::/122", "fd00:192:1::7/128"]) Assert.DoesNotContain(other, bird.Ask("show route table told"), StringComparison.Ordinal);
        await Poll.Until(() => KernelRouteTests.Routes(netns!, "-6").Contains("blackhole 2001:db8:7::/48 dev lo proto bird metric 2147483647", StringComparison.Ordinal), Limit, "nothing stands for the advertised prefix");
        Assert.Contains("dev eth0", netns!.Shell("ip -6 route get 2001:db8:7::9"), StringComparison.Ordinal);
    }

    /// <summary>Beside what is rendered, the filter that sessions with other nodes tell routes by is asked of all routes of the main table.</summary>
    private static string Text(IpFamily family)
    {
        BirdSnippet told = new("told.conf", $"table told;\nprotocol pipe to_told {{ peer table told; import none; export filter session_export{(family == IpFamily.V4 ? 4 : 6)}_internal; }}\n");
        BirdDialect dialect = BirdDialect.Bird16.Single(d => d.Families.Contains(family));
        return BirdWriter.Write(dialect, dialect.Fit(BirdPlanner.Plan(Inputs), Inputs).Configuration, BirdSnippets.Of([told]), "stderr");
    }
}
