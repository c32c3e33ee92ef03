using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>Packets of all the while: what is allowed loses nothing, what is forbidden never passes, whatever is changed around them and however often the agent ends.</summary>
public sealed class LeakTests
{
    private const int Restarts = 50;
    private const int UpdatesEach = 20;

    [Fact]
    public async Task A_thousand_updates_and_fifty_restarts_lose_nothing_and_let_nothing_slip()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.AddSilentWorkloads(20);
        await rig.Put(Guard(0), Calico.Tier("first").Order(1));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        using Flow judged = Flow.OneWay(rig["w1"], rig["w0"]), established = Flow.Echoed(rig["w1"], rig["w0"]), forbidden = Flow.OneWay(rig["w2"], rig["w0"]);
        await Poll.Until(() => judged.Received > 100 && established.Received > 100 && forbidden.Sent > 100, "the flows do not start");

        Random random = new(34);
        for (int restart = 0; restart < Restarts; restart++)
        {
            for (int update = 0; update < UpdatesEach; update++)
                await Update(rig, random, (restart * UpdatesEach) + update);
            if (restart % 4 < 2)
                rig.Agent().Kill();
            else
                await rig.Agent().Terminate();
            await Update(rig, random, restart);
            rig.Agent().Start();
            // Every other start is interrupted wherever it is by then.
            if (restart % 2 == 1)
                await rig.Settle();
        }
        await rig.Settle();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
        Assert.Empty(judged.Stop());
        Assert.Empty(established.Stop());
        forbidden.Stop();
        Assert.Equal(0, forbidden.Received);
    }

    // What decides between w1, w2 and w0 is in two policies of which at least one is always there, each written in many ways that mean the same.
    private static Resource Guard(int version) => Calico.GlobalNetworkPolicy($"guard-{version % 2}").Order(10 + (version % 2)).Selecting(version % 3 == 0 ? "name == 'w0'" : "name in {'w0', 'nobody'}")
        .In([.. Enumerable.Range(0, version % 4).Select(i => Rule.Deny.Tcp.SrcNets($"192.0.{version % 200}.{i}/32")),
            .. Deciding(version),
            Rule.Deny.Src("name == 'w2'"), Rule.Allow.Udp.Src($"name == 'many-{version % 7}'").DstPorts(1000 + version)]);

    // A list of networks that is new each time is a set that is made in the moment in which its rule is.
    private static Rule[] Deciding(int version) => (version % 5) switch
    {
        0 => [Rule.Allow.SrcNets("10.65.0.11/32")],
        1 => [Rule.Allow.Src("name == 'w1' && has(name)")],
        2 => [Rule.Allow.SrcNets("10.65.0.11/32", $"192.0.{version % 200}.0/24")],
        3 => [Rule.Deny.SrcNets("10.65.0.12/32", $"192.1.{version % 200}.0/24"), Rule.Allow.SrcNets("10.65.0.0/24", $"192.2.{version % 200}.0/24")],
        _ => [Rule.Allow.Src("name == 'w1'")],
    };

    private static async Task Update(NetworkRig rig, Random random, int version)
    {
        switch (random.Next(6))
        {
            case 0:
                // Another policy takes over before the first goes.
                await rig.Put(Guard(version));
                await rig.Etcd.Delete(Guard(version + 1).Key);
                break;
            case 1:
                await rig.Put(rig.Endpoint("w1").Labels(("version", $"{version}")));
                break;
            case 2:
                await rig.Put(rig.Endpoint("w0").Profiles(version % 2 == 0 ? ["open"] : ["open", "closed"]));
                break;
            case 3:
                await rig.Put(Calico.GlobalNetworkPolicy("first.pass").Tier("first").Selecting(version % 2 == 0 ? "all()" : "has(name)").In(Rule.Pass).Out(Rule.Pass));
                break;
            case 4:
                await rig.Put(Calico.GlobalNetworkSet($"nets-{version % 5}", $"198.51.100.{version % 250}/32").Labels(("nets", "yes")),
                    Calico.GlobalNetworkPolicy("by-nets").Order(5).Selecting("name == 'w0'").In(Rule.Deny.Src("has(nets)"), Rule.Deny.Tcp.DstPorts(2000 + version)));
                break;
            default:
                await rig.Etcd.Delete(Calico.GlobalNetworkPolicy("first.pass").Key);
                break;
        }
    }
}
