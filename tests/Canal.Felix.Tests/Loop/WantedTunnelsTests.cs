using Canal.Core.Nodes;
using Canal.Felix.Nodes;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Felix.Tests.Loop;

/// <summary>When the addresses of this host's tunnels are to be looked at, and with what.</summary>
public sealed class WantedTunnelsTests
{
    private static readonly Resource Self = Calico.Node(ResourceBuilder.ThisNode).Spec("ipv4VXLANTunnelAddr", "10.65.0.1");

    [Fact]
    public void They_are_looked_at_when_a_pool_the_labels_or_the_addresses_change_and_never_by_half_a_picture()
    {
        using LoopHost host = new();
        List<WantedTunnels?> told = [];
        host.Agent.TunnelsWanted = now => told.Add(told.Count > 0 && told[^1] == now ? told[^1] : now);
        int changes() => told.Distinct().Count();
        host.Say(new Datastore.WatchBatch.SnapshotBegin(), LoopHost.Page(SampleObjects.Ready, Self));
        host.Step();
        Assert.Empty(told);
        host.Start(SampleObjects.Ready, Self, Pool());
        Assert.Equal(TunnelDemand.Wanted, Demand(told[^1]));
        Assert.Equal(1, changes());
        host.Wait(5);
        Assert.Equal(1, changes());
        // What routes need not know decides of addresses too.
        host.Put(Pool().Spec("disabled", true));
        Assert.Equal((TunnelDemand.Wanted, 2), (Demand(told[^1]), changes()));
        host.Put(Self.Labels(("rack", "a")));
        Assert.Equal(3, changes());
        host.Put(Calico.Node(ResourceBuilder.ThisNode).Labels(("rack", "a")));
        Assert.Equal(4, changes());
        host.Put(Calico.Node("other"));
        Assert.Equal(4, changes());
        host.Delete(Pool());
        Assert.Equal((TunnelDemand.Kept, 5), (Demand(told[^1]), changes()));
        host.Delete(Self);
        Assert.Null(told[^1]);
    }

    [Fact]
    public void While_the_cluster_says_that_its_data_is_not_ready_nothing_is_asked_for()
    {
        using LoopHost host = new();
        host.Start(SampleObjects.Ready, Self, Pool());
        WantedTunnels? told = null;
        host.Agent.TunnelsWanted = now => told = now;
        host.Put(SampleObjects.Ready.Spec("datastoreReady", false));
        host.Delete(Pool());
        Assert.Null(told);
    }

    private static Resource Pool() => Calico.IpPool("p", "10.65.0.0/16").Spec("vxlanMode", "Always");

    private static TunnelDemand Demand(WantedTunnels? told) => told!.Tunnels.Single(one => one.Tunnel == TunnelAddress.Vxlan).Demand;
}
