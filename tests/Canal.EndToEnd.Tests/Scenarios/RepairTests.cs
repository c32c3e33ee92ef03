using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What others take away from a workload's wiring comes back.</summary>
public sealed class RepairTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("10.65.0.10", "ip route del 10.65.0.10 dev caliw0")]
    [InlineData("fd00:65::10", "ip -6 route del fd00:65::10 dev caliw0")]
    public async Task A_deleted_route_comes_back_within_a_second(string address, string deletion)
    {
        await using NetworkRig rig = await Run();
        string before = Routes.Of(rig["h1"], address);
        rig["h1"].Shell(deletion);
        await Poll.Until(() => Routes.Of(rig["h1"], address) == before, Soon, $"the route to {address} does not come back");
    }

    [Theory]
    [InlineData("10.65.0.10")]
    [InlineData("fd00:65::10")]
    public async Task A_deleted_neighbour_comes_back_within_a_second(string address)
    {
        await using NetworkRig rig = await Run();
        rig["h1"].Shell($"ip neigh del {address} dev caliw0");
        await Poll.Until(() => Routes.Neighbour(rig["h1"], address, "caliw0").Contains("PERMANENT", StringComparison.Ordinal), Soon, $"the neighbour {address} does not come back");
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
        rig["h1"].Netns.WriteSysctl(setting, changed);
        await Poll.Until(() => rig["h1"].Netns.ReadSysctl(setting) == wanted, Soon, $"{setting} stays {changed}");
        await rig.Round("w0↔w1 ✓");
    }

    [Theory]
    [InlineData("net/ipv4/conf/caliw0/route_localnet", "1", "0")]
    [InlineData("net/ipv6/conf/caliw0/accept_ra", "0", "1")]
    public async Task Others_are_put_back_with_the_next_refresh(string setting, string wanted, string changed)
    {
        await using NetworkRig rig = await Run();
        rig["h1"].Netns.WriteSysctl(setting, changed);
        await Poll.Until(() => rig["h1"].Netns.ReadSysctl(setting) == wanted, TimeSpan.FromSeconds(5), $"{setting} stays {changed}");
    }

    private static async Task<NetworkRig> Run()
    {
        NetworkRig rig = await NetworkRig.OneHost(2);
        rig.Agent().Configure("route_refresh_interval = \"2s\"");
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✓", "v6 w0↔w1 ✓");
        return rig;
    }
}
