using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Kernel;
using Canal.Linux.Routing;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests;

/// <summary>A host of an ipsec network over routing, policies and charon in memory, with a link eth0 that has 192.0.2.1 and a router behind it.</summary>
internal sealed class IpsecHost
{
    public const string Secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly Dictionary<string, HeldLease> peers = [];
    private readonly UplinkWishes wishes;
    private BackendPlanner planner;
    private FlannelNetwork network;
    private FlannelSubnet? own;

    public IpsecHost(string network = "10.5.0.0/16", string? publicIp = null)
    {
        this.network = Network(network, Secret);
        wishes = new UplinkWishes(["eth0"], [], null, publicIp is null ? null : IpAddress.Parse(publicIp), null);
        Kernel.Meddle(KernelChange.Add(new Link { Name = "eth0", Kind = "dummy", Mtu = 1500, Flags = LinkFlags.Up }));
        int eth0 = Kernel.FindLink("eth0")!.Index;
        Kernel.Meddle(KernelChange.Add(new InterfaceAddress { Interface = eth0, Address = IpAddress.Parse("192.0.2.1"), PrefixLength = 24 }));
        Kernel.Meddle(KernelChange.Add(new Route { Destination = Cidr.Parse("0.0.0.0/0"), Gateway = IpAddress.Parse("192.0.2.254"), Interface = eth0, Protocol = RouteProtocol.Static }));
        planner = Planner();
        Wirer = new KernelWirer(Kernel, _ => null, TimeProvider.System);
    }

    public FakeRouteStack Kernel { get; } = new();

    public FakeXfrm Xfrm { get; } = new();

    public FakeCharon Charon { get; } = new();

    public KernelWirer Wirer { get; }

    public BackendPlanner Backend => planner;

    public IpsecMeans Means => new(Xfrm, Charon, "/coreos.com/network");

    public static FlannelNetwork Network(string network, string secret, string options = "") =>
        FlannelNetworkReader.Read($$$"""{"Network":"{{{network}}}","Backend":{"Type":"ipsec","PSK":"{{{secret}}}"{{{options}}}}}""");

    private BackendPlanner Planner() => BackendPlanner.Of(network, new HostMeans("h1", false, null!, null!, Means));

    /// <summary>The network's secret or options are others.</summary>
    public IpsecHost Change(string secret, string options = "")
    {
        network = Network(network.V4!.Network.ToString(), secret, options);
        planner = Planner();
        Wirer.Doubt();
        return Apply();
    }

    /// <summary>The agent is another; kernel and charon know what they knew.</summary>
    public IpsecHost Restart()
    {
        planner = Planner();
        Wirer.Doubt();
        return Apply();
    }

    public IpsecHost Own(string subnet)
    {
        own = FlannelSubnet.TryParse(subnet, out FlannelSubnet parsed) ? parsed : throw new ArgumentException(subnet);
        Wirer.Doubt();
        return Apply();
    }

    public IpsecHost Peer(string subnet, string address)
    {
        FlannelSubnet parsed = FlannelSubnet.TryParse(subnet, out FlannelSubnet read) ? read : throw new ArgumentException(subnet);
        peers[subnet] = new HeldLease(subnet, parsed, new FlannelLease { PublicV4 = IpAddress.Parse(address), BackendType = "ipsec" }, 1, 1, 7);
        Wirer.PlanAnew();
        return Apply();
    }

    public IpsecHost Forget(string subnet)
    {
        peers.Remove(subnet);
        Wirer.PlanAnew();
        return Apply();
    }

    /// <summary>As when charon or somebody's policies tell of a change.</summary>
    public IpsecHost Again()
    {
        Wirer.PlanAnew();
        return Apply();
    }

    private IpsecHost Apply()
    {
        foreach (KernelEvent happened in Kernel.TakeEvents()) Wirer.Note(happened);
        Wirer.Apply(new KernelOrder(network, planner, wishes, own, peers.Values, false, default));
        return this;
    }
}
