using Canal.Core.Addressing;
using Canal.Linux.Namespaces;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;

namespace Canal.Kernel.Tests.Routing;

/// <summary>A fresh network namespace with a route stack in it and, where asked, a monitor opened before anything else.</summary>
internal sealed class RoutingNamespace : IDisposable
{
    private RoutingNamespace(NetlinkRouteStack stack, LinkMonitor? monitor) => (Stack, Monitor) = (stack, monitor);

    internal NetlinkRouteStack Stack { get; }

    internal LinkMonitor? Monitor { get; }

    /// <summary>Automatic link-local addresses are off: their timing is nobody's business here.</summary>
    internal static RoutingNamespace Open(KernelEventGroups groups = KernelEventGroups.None, int receiveBuffer = 0) =>
        Open(() => true, groups, receiveBuffer).Here;

    /// <summary>The same, with something else opened inside it.</summary>
    internal static (RoutingNamespace Here, T Other) Open<T>(Func<T> other, KernelEventGroups groups = KernelEventGroups.None, int receiveBuffer = 0) =>
        NetworkNamespace.RunInNew(() =>
        {
            SysctlTree sysctl = new();
            sysctl.Write("1", "net", "ipv6", "conf", "default", "addr_gen_mode");
            sysctl.Write("0", "net", "ipv4", "conf", "default", "promote_secondaries");
            sysctl.Write("0", "net", "ipv6", "conf", "default", "router_solicitations");
            LinkMonitor? monitor = groups == KernelEventGroups.None ? null : LinkMonitor.Open(groups, receiveBuffer);
            return (new RoutingNamespace(NetlinkRouteStack.Open(), monitor), other());
        });

    /// <summary>A link with carrier: one end of a veth whose other end stays in the namespace too. Returns its index.</summary>
    internal int AddLink(string name, bool up = true)
    {
        Stack.Apply(KernelChange.Add(new Link { Name = name, Kind = "veth", Detail = new VethDetail($"p-{name}") }));
        Link link = Stack.FindLink(name)!;
        Stack.Apply(KernelChange.SetUp(link.Parent, up: true));
        if (up) Stack.Apply(KernelChange.SetUp(link.Index, up: true));
        return link.Index;
    }

    internal static Cidr Net(string text) => Cidr.Parse(text);

    internal static IpAddress Ip(string text) => IpAddress.Parse(text);

    public void Dispose()
    {
        Monitor?.Dispose();
        Stack.Dispose();
    }
}
