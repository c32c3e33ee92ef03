using Canal.Core.Addressing;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Workloads;

namespace Canal.Docker;

/// <summary>Pairs of interfaces: Docker moves one end into the container and configures it there; the host's end is routed to by canal-felix.</summary>
/// <param name="mtu">Of both ends; 0: the kernel's.</param>
internal sealed class ContainerLinks(uint mtu)
{
    /// <summary>Makes the pair, in place of what an earlier attempt left.</summary>
    /// <param name="host">Name of the host's end.</param>
    /// <param name="inside">Name of the other, until Docker moves it.</param>
    /// <param name="mac">Of the other.</param>
    /// <param name="v6">Whether it is to carry IPv6.</param>
    public void Create(string host, string inside, MacAddress mac, bool v6)
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        HostInterface.Delete(stack, host);
        // One whose other end is gone is not found by that one's name.
        HostInterface.Delete(stack, inside);
        stack.Apply(KernelChange.Add(new Link { Name = host, Kind = "veth", Mac = HostInterface.Mac, Mtu = mtu, Detail = new VethDetail(inside, null, mac, mtu) }));
        HostInterface.Prepare(host, v6);
        // An end whose other end is down has no carrier, and canal-felix would wait for it. Docker takes it down again while it moves and configures it.
        HostInterface.Set(new SysctlTree(), ($"ipv6/conf/{inside}/disable_ipv6", "1"));
        stack.Apply(KernelChange.SetUp(HostInterface.IndexOf(inside), true));
        stack.Apply(KernelChange.SetUp(HostInterface.IndexOf(host), true));
    }
}
