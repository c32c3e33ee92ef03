using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Overlay;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Canal.Testing;

namespace Canal.Felix.Tests.Overlay;

/// <summary>A network between hosts and its wirer over routing in memory, with a link eth0 that has the host's addresses.</summary>
internal sealed class OverlayHost
{
    public OverlayHost(FakeRouteStack? kernel = null)
    {
        Kernel = kernel ?? NewKernel();
        Offload = new TunnelOffload(device => !Unoffloaded.Contains(device), device => Unoffloaded.Add(device));
        Wirer = new OverlayWirer(Kernel, Network, Offload, TimeProvider.System);
        WireGuard = new FakeWireGuard(Kernel);
        WireGuardWirer = new WireGuardWirer(Kernel, WireGuard, Network, FakeWireGuard.NewKey, TimeProvider.System);
    }

    public FakeRouteStack Kernel { get; }

    public ClusterNetwork Network { get; } = new(ResourceBuilder.ThisNode);

    public OverlayWirer Wirer { get; }

    public TunnelOffload Offload { get; }

    /// <summary>Devices whose checksum offload is off.</summary>
    public HashSet<string> Unoffloaded { get; } = [];

    public FakeWireGuard WireGuard { get; }

    public WireGuardWirer WireGuardWirer { get; }

    public FelixParameters Parameters { get; set; } = new();

    public int Eth0 => Kernel.FindLink("eth0")!.Index;

    /// <summary>What the kernel holds, without what belongs to eth0 alone.</summary>
    public string Dump => Kernel.Dump();

    public OverlayHost Put(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) Network.Apply(resource.Key, resource);
        return Apply();
    }

    public OverlayHost Forget(Resource resource)
    {
        Network.Apply(resource.Key, null);
        return Apply();
    }

    public OverlayHost Put(IpamBlock block)
    {
        Network.ApplyBlock(block.Cidr, block);
        return Apply();
    }

    /// <summary>One turn: events in, changes out.</summary>
    public OverlayHost Apply()
    {
        Network.Configure(Parameters.Network.Routes);
        NetworkChanges changes = Network.TakeChanges();
        Wirer.Plan(changes);
        WireGuardWirer.Plan(changes);
        foreach (KernelEvent happened in Kernel.TakeEvents())
        {
            Wirer.Note(happened);
            WireGuardWirer.Note(happened);
        }
        Wirer.Apply(Parameters);
        WireGuardWirer.Apply(Parameters);
        return this;
    }

    /// <summary>Requests of one turn.</summary>
    public string[] RequestsOf(Action act)
    {
        Kernel.ForgetRequests();
        act();
        LinkNames names = new(Kernel.Links());
        return [.. Kernel.Requests.Select(r => r.Print(names))];
    }

    private static FakeRouteStack NewKernel()
    {
        FakeRouteStack kernel = new();
        kernel.Meddle(KernelChange.Add(new Link { Name = "eth0", Kind = "dummy", Flags = LinkFlags.Up }));
        int eth0 = kernel.FindLink("eth0")!.Index;
        kernel.Meddle(KernelChange.Add(new Canal.Linux.Routing.InterfaceAddress { Interface = eth0, Address = IpAddress.Parse("192.0.2.1"), PrefixLength = 24 }));
        kernel.Meddle(KernelChange.Add(new Canal.Linux.Routing.InterfaceAddress { Interface = eth0, Address = IpAddress.Parse("2001:db8::1"), PrefixLength = 64, NoDad = true }));
        return kernel;
    }
}
