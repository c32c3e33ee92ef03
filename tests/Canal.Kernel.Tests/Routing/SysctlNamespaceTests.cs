using Canal.Linux.Namespaces;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;

namespace Canal.Kernel.Tests.Routing;

public sealed class SysctlNamespaceTests
{
    [Fact]
    public void The_tree_shows_the_namespace_of_the_thread()
    {
        SysctlTree tree = new();
        string outside = tree.Read("net", "ipv4", "ip_forward");
        string other = outside == "1" ? "0" : "1";
        string inside = NetworkNamespace.RunInNew(() =>
        {
            tree.Write(other, "net", "ipv4", "ip_forward");
            return tree.Read("net", "ipv4", "ip_forward");
        });
        Assert.Equal((other, outside), (inside, tree.Read("net", "ipv4", "ip_forward")));
    }

    [Fact]
    public void An_interface_with_dots_has_its_own_settings_and_an_equal_value_is_not_written()
    {
        bool[] written = NetworkNamespace.RunInNew(() =>
        {
            using NetlinkRouteStack stack = NetlinkRouteStack.Open();
            stack.Apply(KernelChange.Add(new Link { Name = "vlan.10.x", Kind = "bridge" }));
            SysctlTree tree = new();
            return new[]
            {
                tree.Write("1", "net", "ipv4", "conf", "vlan.10.x", "proxy_arp"), tree.Write("1", "net", "ipv4", "conf", "vlan.10.x", "proxy_arp"),
                tree.Exists("net", "ipv6", "conf", "vlan.10.x", "accept_ra"), tree.Exists("net", "ipv6", "conf", "vlan", "accept_ra"),
            };
        });
        Assert.Equal([true, false, true, false], written);
    }

    [Fact]
    public void What_the_kernel_refuses_is_told()
    {
        SysctlException refused = Assert.Throws<SysctlException>(() => NetworkNamespace.RunInNew(() => new SysctlTree().Write("pear", "net", "ipv4", "ip_forward")));
        Assert.StartsWith("write pear to /proc/sys/net/ipv4/ip_forward: Invalid argument", refused.Message);
        Assert.False(refused.IsAbsent);
        SysctlException absent = Assert.Throws<SysctlException>(() => new SysctlTree().Write("1", "net", "ipv4", "conf", "not-here0", "proxy_arp"));
        Assert.True(absent.IsAbsent);
    }
}
