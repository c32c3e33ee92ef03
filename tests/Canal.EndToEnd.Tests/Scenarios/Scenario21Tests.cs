using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario21Tests
{
    [Fact]
    public async Task The_endpoint_of_all_interfaces_denies_as_a_named_one_does()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        rig["h1"].Listen(22, 2379);
        rig["h2"].Listen(2379);
        await rig.StartAgents();
        Resource[] endpoints = [Calico.HostEndpoint("hep-h1", "h1", "*"), Calico.HostEndpoint("hep-h2", "h2", "*")];
        await rig.Put(endpoints);
        await rig.Round("h1↔h2 ✗", "h1→v0 ✗", "h1→w0 ✓", "w0↔v0 ✓", "x→w0 ✓", "x→h1:22 ✓", "x→h1 ✗", "h1→h2:2379 ✓", "v6 x→h1 ✗", "v6 x→h1:22 ✓", "v6 h1→w0 ✓", "v6 w0↔v0 ✓", "proto=253 x→h1 ✗");

        // Kinder than Calico: loopback is governed only by an endpoint that names it.
        Assert.Equal("open", Loopback(rig, 8055));
        await rig.Put(Calico.HostEndpoint("hep-lo", "h1", "lo"));
        await rig.Round("x→h1:22 ✓", "x→h1 ✗");
        await Poll.Until(() => Loopback(rig, 8055) == "shut" && Loopback(rig, 2379) == "open", "an endpoint that names lo does not govern it");
        await rig.Delete(Calico.HostEndpoint("hep-lo", "h1", "lo"));

        await rig.Put([.. endpoints.Select(e => e.Profiles("projectcalico-default-allow"))]);
        await rig.Round("h1↔h2 ✓", "h1→v0 ✓", "h1→w0 ✓", "w0↔v0 ✓", "x→h1 ✓", "v6 x→h1 ✓", "proto=253 x→h1 ✓");
        Assert.Equal("open", Loopback(rig, 8055));
    }

    [Fact]
    public async Task A_named_endpoint_goes_before_the_one_of_all_interfaces()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        Resource named = Calico.HostEndpoint("z-eth0", "h1", "eth0").Profiles("open");
        await rig.Put(Calico.HostEndpoint("all", "h1", "*"), named);
        await rig.Round("x→h1 ✓", "v6 x→h1 ✓");
        await rig.Delete(named);
        await rig.Round("x→h1 ✗", "x→w0 ✓");
    }

    private static string Loopback(NetworkRig rig, int port) =>
        rig["h1"].Shell($"timeout 1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo open || echo shut").Trim();
}
