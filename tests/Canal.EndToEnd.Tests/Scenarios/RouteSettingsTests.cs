using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class RouteSettingsTests
{
    [Fact]
    public async Task Routes_have_the_protocol_and_the_source_that_are_configured_also_when_it_changes()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.10").Contains("proto 80", StringComparison.Ordinal), "there is no route of protocol 80");
        await rig.Put(NetworkRig.Configuration.Spec("deviceRouteProtocol", 77).Spec("deviceRouteSourceAddress", "10.100.0.1").Spec("deviceRouteSourceAddressIPv6", "fd00:100::1"));
        await Poll.Until(() => ValueTask.FromResult(Routes.Of(rig["h1"], "10.65.0.10") is var route && route.Contains("proto 77", StringComparison.Ordinal) && route.Contains("src 10.100.0.1", StringComparison.Ordinal)), TimeSpan.FromSeconds(30), () => "the route is not replaced: " + rig["h1"].Shell("ip -d route; ip -d -6 route"));
        await Poll.Until(() => rig["h1"].Shell("ip -6 route show fd00:65::10") is var route && route.Contains("proto 77", StringComparison.Ordinal) && route.Contains("src fd00:100::1", StringComparison.Ordinal), "the route of IPv6 is not replaced");
        Assert.DoesNotContain("proto 80", rig["h1"].Shell("ip route; ip -6 route"), StringComparison.Ordinal);
        await rig.Round("h1→w0 ✓", "x→w0 ✓", "v6 h1→w0 ✓");
        await rig.Delete(rig.Endpoint("w0"));
        await Poll.Until(() => !rig["h1"].Shell("ip route").Contains("10.65.0.10", StringComparison.Ordinal), "the route stays");
    }

    [Fact]
    public async Task Routes_may_be_left_to_others()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig.Agent().Configure("route_sync_disabled = true");
        rig.Agent().Start();
        await Poll.Until(() => Directory.Exists(rig.Agent().StatusFolder) && Directory.GetFiles(rig.Agent().StatusFolder).Length > 0, "the endpoint is not programmed");
        Assert.DoesNotContain("10.65.0.10", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
        rig["h1"].Shell("ip route add 10.65.0.10/32 dev caliw0 proto static; ip route add 10.65.0.99/32 dev caliw0 proto 80");
        await Task.Delay(2000);
        Assert.Contains("10.65.0.10 dev caliw0 proto static", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
        Assert.Contains("10.65.0.99 dev caliw0 proto 80", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
    }
}
