using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What others take away from a workload's wiring comes back.</summary>
public sealed class RepairTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("10.65.0.10", "ip route del 10.65.0.10 dev caliw0")]
    [InlineData("fd00:65::10", "ip -6 route del fd00:65::10 dev caliw0")]
    public async Task A_deleted_route_comes_back_within_a_second(string address, string deletion)
    {
        await using NetworkRig rig = await Run();
        string before = Routes.Of(rig["h1"], address);
        await Repaired(() => rig["h1"].Shell(deletion), () => Routes.Of(rig["h1"], address) == before, $"the route to {address}");
    }

    [Theory]
    [InlineData("10.65.0.10")]
    [InlineData("fd00:65::10")]
    public async Task A_deleted_neighbour_comes_back_within_a_second(string address)
    {
        await using NetworkRig rig = await Run();
        await Repaired(() => rig["h1"].Shell($"ip neigh del {address} dev caliw0"), () => Routes.Neighbour(rig["h1"], address, "caliw0").Contains("PERMANENT", StringComparison.Ordinal), $"the neighbour {address}");
    }

    [Theory]
    [InlineData("net/ipv4/conf/caliw0/proxy_arp", "1", "0")]
    [InlineData("net/ipv4/conf/caliw0/forwarding", "1", "0")]
    [InlineData("net/ipv6/conf/caliw0/forwarding", "1", "0")]
    [InlineData("net/ipv6/conf/caliw0/proxy_ndp", "1", "0")]
    [InlineData("net/ipv4/ip_forward", "1", "0")]
    public async Task Settings_that_the_kernel_tells_of_are_put_back_within_a_second(string setting, string wanted, string changed)
    {
        await using NetworkRig rig = await Run();
        Assert.Equal(wanted, rig["h1"].Netns.ReadSysctl(setting));
        await Repaired(() => rig["h1"].Netns.WriteSysctl(setting, changed), () => rig["h1"].Netns.ReadSysctl(setting) == wanted, setting);
        await rig.Round("w0↔w1 ✓");
    }

    [Theory]
    [InlineData("net/ipv4/conf/caliw0/route_localnet", "1", "0")]
    [InlineData("net/ipv6/conf/caliw0/accept_ra", "0", "1")]
    public async Task Others_are_put_back_with_the_next_refresh(string setting, string wanted, string changed)
    {
        await using NetworkRig rig = await Run("route_refresh_interval = \"2s\"");
        rig["h1"].Netns.WriteSysctl(setting, changed);
        await Poll.Until(() => rig["h1"].Netns.ReadSysctl(setting) == wanted, $"{setting} stays {changed}");
    }

    /// <summary>Within a second of the damage, while the next refresh is a minute and a half away: it is the kernel's event that brings it about.</summary>
    private static Task Repaired(Action damage, Func<bool> isWhole, string what) => Best.Within(Second, $"repairing {what}", async () =>
    {
        long start = Stopwatch.GetTimestamp();
        damage();
        await Poll.Until(isWhole, $"{what} is not repaired");
        return Stopwatch.GetElapsedTime(start);
    });

    private static async Task<NetworkRig> Run(params string[] settings)
    {
        NetworkRig rig = await NetworkRig.OneHost(2);
        rig.Agent().Configure(settings);
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✓", "v6 w0↔w1 ✓");
        return rig;
    }
}
