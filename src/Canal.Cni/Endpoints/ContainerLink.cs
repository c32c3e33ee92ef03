using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Namespaces;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Workloads;
using Microsoft.Win32.SafeHandles;

namespace Canal.Cni;

/// <summary>A pair of interfaces: one in the container, one on the host. Every packet of the container is routed by the host, as Calico does it.</summary>
internal sealed class ContainerLink
{
    private readonly CniCall call;
    private readonly string hostName;
    private readonly uint mtu;
    private List<Cidr> routes = [];

    /// <summary>Decides what does not depend on addresses; changes nothing.</summary>
    public ContainerLink(CniCall call, string hostName, int mtu)
    {
        this.call = call;
        this.hostName = hostName;
        this.mtu = (uint)mtu;
        Mac = MacOf(call);
    }

    /// <summary>Of the container's end.</summary>
    public MacAddress Mac { get; }

    public IReadOnlyList<IpAddress> Addresses { get; private set; } = [];

    /// <summary>Decides the rest; changes nothing.</summary>
    public void Use(CniResult addresses)
    {
        Addresses = [.. addresses.Addresses.Select(address => address.Address).Distinct()];
        routes = [.. addresses.Routes.Select(route => route.Destination)];
        if (routes.Count == 0 || CniJson.Flag(call.Config, "include_default_routes") != false)
            routes.AddRange([Cidr.Parse("0.0.0.0/0"), Cidr.Parse("::/0")]);
        routes = [.. routes.Distinct().Where(route => Addresses.Any(address => address.Family == route.Family))];
    }

    /// <summary>Makes both ends, down and without addresses.</summary>
    public void Create()
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        // What an earlier attempt left, here and thereby in the container.
        HostInterface.Delete(host, hostName);
        using (SafeFileHandle netns = File.OpenHandle(call.Netns))
        {
            VethDetail inside = new(call.IfName, (int)netns.DangerousGetHandle(), Mac, mtu);
            host.Apply(KernelChange.Add(new Link { Name = hostName, Kind = "veth", Mac = HostInterface.Mac, Mtu = mtu, Detail = inside }));
        }
    }

    /// <summary>Brings the host's end up and does everything inside the container; the host's routes are canal-felix's.</summary>
    public void Configure(bool forwarding)
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        HostInterface.Prepare(hostName, Addresses.Any(address => address.Family == IpFamily.V6));
        host.Apply(KernelChange.SetUp(HostInterface.IndexOf(hostName), true));
        NetworkNamespace.Run(call.Netns, () =>
        {
            ConfigureContainer(forwarding);
            return true;
        });
    }

    /// <summary>Deletes the pair by whichever end is there; nothing is fine.</summary>
    public static void Delete(string hostName, string netns, string ifName)
    {
        if (HostInterface.Delete(hostName) || netns.Length == 0 || !File.Exists(netns)) return;
        try
        {
            NetworkNamespace.Run(netns, () =>
            {
                using NetlinkRouteStack inside = NetlinkRouteStack.Open();
                return HostInterface.Delete(inside, ifName);
            });
        }
        catch (NetlinkException) when (!File.Exists(netns))
        {
            // It went away meanwhile, and its interfaces with it.
        }
    }

    /// <summary>Fails when an end is missing or down, or the container has other addresses.</summary>
    public static void Check(string hostName, string netns, string ifName, IReadOnlyList<IpAddress> addresses)
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        if (host.FindLink(hostName) is not { IsRunning: true }) throw new CniException(CniCode.Different, $"{hostName} does not exist or is down");
        IpAddress[] found = NetworkNamespace.Run(netns, () =>
        {
            using NetlinkRouteStack inside = NetlinkRouteStack.Open();
            Link link = inside.FindLink(ifName) ?? throw new CniException(CniCode.Different, $"{ifName} does not exist in {netns}");
            return inside.Addresses().Where(address => address.Interface == link.Index).Select(address => address.Address).ToArray();
        });
        IpAddress[] missing = [.. addresses.Except(found)];
        if (missing.Length > 0) throw new CniException(CniCode.Different, $"{ifName} in {netns} lacks {string.Join(", ", missing)}");
    }

    public CniResult Result(System.Text.Json.Nodes.JsonObject? dns) => new()
    {
        Interfaces = [new CniInterface(hostName, HostInterface.Mac.ToString(), ""), new CniInterface(call.IfName, Mac.ToString(), call.Netns)],
        Addresses = [.. Addresses.Select(address => new CniAddress(address, address.Family.Bits, null, 1))],
        Routes = [.. routes.Select(route => new CniRoute(route, HostInterface.Gateway(route.Family)))],
        Dns = dns,
    };

    // Runs inside the container's namespace.
    private void ConfigureContainer(bool forwarding)
    {
        using NetlinkRouteStack inside = NetlinkRouteStack.Open();
        SysctlTree sysctls = new();
        int index = HostInterface.IndexOf(call.IfName);
        bool v6 = Addresses.Any(address => address.Family == IpFamily.V6);
        if (v6) HostInterface.Set(sysctls, ("ipv6/conf/all/disable_ipv6", "0"), ("ipv6/conf/default/disable_ipv6", "0"), ("ipv6/conf/lo/disable_ipv6", "0"), ($"ipv6/conf/{call.IfName}/disable_ipv6", "0"));
        HostInterface.Set(sysctls, ($"ipv6/conf/{call.IfName}/accept_dad", "0"), ("ipv4/ip_forward", forwarding ? "1" : "0"));
        inside.Apply(KernelChange.SetUp(index, true));
        foreach (IpAddress address in Addresses)
            AddUnlessThere(inside, KernelChange.Add(new InterfaceAddress { Interface = index, Address = address, PrefixLength = (byte)address.Family.Bits, NoDad = address.Family == IpFamily.V6 }));
        if (Addresses.Any(address => address.Family == IpFamily.V4))
            inside.Apply(KernelChange.Replace(Route.ToLink(new Cidr(HostInterface.Gateway(IpFamily.V4)), index) with { Protocol = RouteProtocol.Boot }));
        foreach (Cidr route in routes)
            inside.Apply(KernelChange.Replace(Route.Via(route, HostInterface.Gateway(route.Family), index) with { Protocol = RouteProtocol.Boot, Onlink = false }));
    }

    private static void AddUnlessThere(NetlinkRouteStack stack, KernelChange change)
    {
        ChangeResult result = stack.Try(change);
        if (!result.IsOk && result.Errno != Errno.EEXIST) throw new NetlinkException(result.Request!, result.Errno, result.Detail);
    }

    private static MacAddress MacOf(CniCall call)
    {
        string asked = call.Arguments["MAC"] is { Length: > 0 } argument ? argument : CniJson.Text(call.Runtime, "mac");
        if (asked.Length > 0) return MacAddress.TryParse(asked, out MacAddress mac) ? mac : throw new CniException(CniCode.Configuration, $"'{asked}' is not a MAC address");
        return ContainerMac.New();
    }
}
