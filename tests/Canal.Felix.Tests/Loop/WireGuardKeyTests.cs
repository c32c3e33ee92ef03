using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Felix.Nodes;
using Canal.Linux.Routing;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Felix.Tests.Loop;

/// <summary>What this host's Node is to tell of WireGuard, and when.</summary>
public sealed class WireGuardKeyTests
{
    private static readonly Resource On = Calico.FelixConfiguration("default").Spec("wireguardEnabled", true);

    private static Resource Self(string key = "") => key.Length == 0 ? Calico.Node(ResourceBuilder.ThisNode) : Calico.Node(ResourceBuilder.ThisNode).Status("wireguardPublicKey", key);

    private static TunnelDemand Demand(WantedTunnels? tunnels) => tunnels!.Tunnels.Single(one => one.Tunnel == TunnelAddress.WireGuard).Demand;

    [Fact]
    public void The_key_is_published_once_and_again_when_another_is_there()
    {
        using LoopHost host = new();
        List<WireGuardKeys> wanted = [];
        WantedTunnels? tunnels = null;
        host.Agent.KeysWanted = wanted.Add;
        host.Agent.TunnelsWanted = now => tunnels = now;
        host.Start(SampleObjects.Ready, On, Self());
        string key = host.WireGuard.Read("wireguard.cali").PublicKey.ToString();
        Assert.Equal(new WireGuardKeys(key, ""), wanted[^1]);
        Assert.Equal(TunnelDemand.Kept, Demand(tunnels));
        host.Put(Self(key));
        wanted.Clear();
        host.Wait(5);
        Assert.Empty(wanted);
        Assert.Equal(TunnelDemand.Wanted, Demand(tunnels));
        host.Put(Self("jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY="));
        Assert.Equal(new WireGuardKeys(key, ""), wanted[^1]);
        host.Put(Self(key));
        host.Delete(On);
        Assert.Equal(new WireGuardKeys("", ""), wanted[^1]);
        Assert.Null(host.Routes.FindLink("wireguard.cali"));
        Assert.Equal(TunnelDemand.Unwanted, Demand(tunnels));
    }

    [Fact]
    public void A_kernel_without_WireGuard_holds_up_nothing_and_no_key_is_told()
    {
        using LoopHost host = new();
        List<WireGuardKeys> wanted = [];
        host.Agent.KeysWanted = wanted.Add;
        for (int i = 0; i < 100; i++) host.Routes.RefuseNext(Linux.Errno.ENOTSUP, change => change.Subject is Link { Kind: "wireguard" });
        host.Start(SampleObjects.Ready, On, Self("jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY="));
        Assert.True(host.Loop.IsReady);
        Assert.Equal(new WireGuardKeys("", ""), wanted[^1]);
        Assert.Equal("", host.Agent.WireGuard.PublicKey(IpFamily.V4));
        host.Wait(60);
        Assert.Equal(1, host.Log.Count("this kernel has no devices of type wireguard"));
    }
}
