using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Hosts;
using Canal.Felix.Wiring;
using Canal.Linux.Conntrack;
using Canal.Linux.Iptables;
using Canal.Linux.Namespaces;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Testing;
using Microsoft.Win32.SafeHandles;
using InterfaceAddress = Canal.Linux.Routing.InterfaceAddress;
using PacketSocket = Canal.Testing.Rig.PacketSocket;

namespace Canal.Kernel.Tests.Policy;

/// <summary>
/// A host in a network namespace of its own, with the agent's calculator, dataplane and wiring at work in it; the other ends of its links are in a second
/// namespace, where frames are sent and seen as they are. To be used on the thread that opened it.
/// </summary>
internal sealed class PolicyHost : IDisposable
{
    private readonly NetlinkRouteStack stack = NetlinkRouteStack.Open();
    private readonly NetlinkNftables nftables = NetlinkNftables.Open();
    private readonly NetlinkConntrack conntrack = NetlinkConntrack.Open();
    private readonly HostSysctls sysctls;
    private readonly InterfaceTable table = new();
    private readonly HostInterfaces hosts = new();
    private readonly Dictionary<string, Port> ports = [];
    private readonly Dictionary<ResourceKey, Resource> present = [];
    private readonly InterfaceWirer wirer;
    private readonly PacketSocket outside;
    private PolicyCalculator calculator = new(ResourceBuilder.ThisNode);
    private PacketFilter filter;
    private IDataplane dataplane;
    private bool wired;

    private PolicyHost(IEnumerable<string> interfaces, PacketFilter filter)
    {
        SysctlTree sysctl = new();
        sysctl.Write("0", "net", "ipv4", "conf", "default", "rp_filter");
        sysctl.Write("0", "net", "ipv4", "conf", "all", "rp_filter");
        sysctl.Write("0", "net", "ipv6", "conf", "default", "accept_dad");
        sysctls = new HostSysctls(sysctl);
        this.filter = filter;
        (dataplane, wirer) = (NewDataplane(), new InterfaceWirer(stack, conntrack, sysctls, table, TimeProvider.System));
        (outside, SafeFileHandle there, NetlinkRouteStack thereStack) = NetworkNamespace.RunInNew(() => (new PacketSocket(), Here(), NetlinkRouteStack.Open()));
        using (there)
        using (thereStack)
        {
            stack.Apply(KernelChange.SetUp(1, up: true));
            foreach (string name in interfaces.Append(External)) Connect(name, there, thereStack);
            thereStack.Apply(KernelChange.Add(new Link { Name = "s0", Kind = "veth", Detail = new VethDetail("s1", (int)there.DangerousGetHandle()) }));
            foreach (string name in (string[])["s0", "s1"]) thereStack.Apply(KernelChange.SetUp(thereStack.FindLink(name)!.Index, up: true));
            Sideways = thereStack.FindLink("s0")!.Index;
        }
        RouteTheRestOutside();
    }

    /// <summary>The link to everything that is no local workload.</summary>
    internal const string External = "eth0";

    /// <summary>The host's own addresses.</summary>
    internal const string V4Address = "192.168.250.1", V6Address = "fd99::1";

    /// <summary>A host's link and its other end.</summary>
    internal sealed record Port(int Link, MacAddress Mac, int OutsideLink, MacAddress OutsideMac);

    internal IReadOnlyDictionary<string, Port> Ports => ports;

    /// <summary>A link whose both ends are outside: what is sent there passes no host, only the queues.</summary>
    internal int Sideways { get; }

    /// <summary>Which host endpoint governs which interface.</summary>
    internal HostEndpointResolution Hosts => hosts.Resolution;

    internal PacketSocket Outside => outside;

    /// <summary>Runs a test on a thread that is in a fresh host's namespace; skips it where that is not allowed.</summary>
    internal static void Run(IEnumerable<string> interfaces, Action<PolicyHost> test, PacketFilter filter = PacketFilter.Nftables)
    {
        Assert.SkipUnless(Environment.UserName == "root", "network namespaces need root");
        NetworkNamespace.RunInNew(() =>
        {
            PacketSocket.StayOnOneCpu();
            using PolicyHost host = new(interfaces, filter);
            test(host);
            return 0;
        });
    }

    /// <summary>Takes resources in and makes the kernel so, as the agent's loop does.</summary>
    internal void Apply(IEnumerable<(ResourceKey Key, Resource? Value)> resources, FelixParameters parameters, NetworkSets? network = null)
    {
        foreach ((ResourceKey key, Resource? value) in resources)
        {
            calculator.Apply(key, value);
            if (value is null) present.Remove(key);
            else present[key] = value;
        }
        DesiredChanges changes = calculator.TakeChanges();
        if (!wired) hosts.SetAll(stack.Links(), stack.Addresses());
        hosts.SetEndpoints(changes.HostEndpoints);
        if (hosts.Resolve(parameters)) dataplane.Govern(hosts.Resolution);
        dataplane.Plan(changes, parameters, network);
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints) table.SetEndpoint(name, endpoint);
        dataplane.Apply();
        if (!wired)
        {
            Assert.Empty(sysctls.PrepareHost(parameters));
            table.SetLinks(stack.Links());
            wirer.ReadAll(parameters);
            wired = true;
        }
        wirer.Apply(parameters);
        Assert.Empty(wirer.Failures);
        Assert.False(dataplane.Apply(), "a second apply wrote something");
    }

    /// <summary>
    /// A new agent on what the kernel holds, with this packet filter or another; returns whether it wrote anything. Nothing is taken away of what another filter holds.
    /// </summary>
    internal bool Restart(PacketFilter with, FelixParameters parameters, NetworkSets? network = null)
    {
        (calculator, filter) = (new PolicyCalculator(ResourceBuilder.ThisNode), with);
        foreach ((ResourceKey key, Resource value) in present) calculator.Apply(key, value);
        dataplane = NewDataplane();
        DesiredChanges changes = calculator.TakeChanges();
        hosts.SetEndpoints(changes.HostEndpoints);
        hosts.Resolve(parameters);
        dataplane.Govern(hosts.Resolution);
        dataplane.Plan(changes, parameters, network);
        return dataplane.Apply();
    }

    /// <summary>Reads what is there and repairs it; returns whether anything had to be.</summary>
    internal bool Repair()
    {
        dataplane.Doubt();
        return dataplane.Apply();
    }

    /// <summary>The dataplane at work.</summary>
    internal IDataplane Dataplane => dataplane;

    /// <summary>The filter in use, as the start of the agent knows it.</summary>
    internal IPacketFilter Filter => filter == PacketFilter.Nftables ? new NftablesFilter(nftables, TimeProvider.System) : IptablesFilter.Of(Programs, TimeProvider.System);

    /// <summary>What the kernel holds; for messages.</summary>
    internal string Held => filter == PacketFilter.Nftables ? List() : $"{Programs.Save(IpFamily.V4, counters: true)}{Programs.Save(IpFamily.V6, counters: true)}{Programs.SaveSets()}";

    /// <summary>The kernel's table of nftables.</summary>
    internal static string List() => Nftables.NftSandbox.Nft("list table inet canal");

    /// <summary>The programs of the flavour under test.</summary>
    internal HostIptables Programs => HostIptables.Open(filter == PacketFilter.IptablesLegacy ? IptablesFlavour.Legacy : IptablesFlavour.Nft);

    /// <summary>What becomes of scripts of iptables on their way: something that the kernel refuses in the place of what it would take.</summary>
    internal Func<string, string> Rewrites { get; set; } = script => script;

    private IDataplane NewDataplane() => filter == PacketFilter.Nftables
        ? new NftablesDataplane(nftables, calculator, TimeProvider.System)
        : new IptablesDataplane(new RewritingIptables(Programs, script => Rewrites(script)), calculator, [IpFamily.V4, IpFamily.V6], TimeProvider.System);

    public void Dispose()
    {
        outside.Dispose();
        nftables.Dispose();
        conntrack.Dispose();
        stack.Dispose();
    }

    private static SafeFileHandle Here() => File.OpenHandle("/proc/thread-self/ns/net");

    private void Connect(string name, SafeFileHandle there, NetlinkRouteStack thereStack)
    {
        stack.Apply(KernelChange.Add(new Link { Name = name, Kind = "veth", Detail = new VethDetail(name, (int)there.DangerousGetHandle()) }));
        int here = stack.FindLink(name)!.Index, other = thereStack.FindLink(name)!.Index;
        stack.Apply(KernelChange.SetUp(here, up: true));
        thereStack.Apply(KernelChange.SetUp(other, up: true));
        ports[name] = new Port(here, stack.FindLink(name)!.Mac!.Value, other, thereStack.FindLink(name)!.Mac!.Value);
    }

    private void RouteTheRestOutside()
    {
        Port port = ports[External];
        foreach ((string own, string gateway, string rest, byte length) in new[] { (V4Address, "192.168.250.2", "0.0.0.0/0", (byte)24), (V6Address, "fd99::2", "::/0", (byte)64) })
        {
            IpAddress next = IpAddress.Parse(gateway);
            stack.Apply(KernelChange.Add(new InterfaceAddress { Interface = port.Link, Address = IpAddress.Parse(own), PrefixLength = length, NoDad = next.Family == IpFamily.V6 }));
            stack.Apply(KernelChange.Add(new Neighbour { Interface = port.Link, Address = next, Mac = port.OutsideMac }));
            stack.Apply(KernelChange.Add(Route.Via(Cidr.Parse(rest), next, port.Link)));
        }
    }
}
