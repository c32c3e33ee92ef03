using System.Net;

namespace Canal.Testing.Rig;

/// <summary>Builds the namespaces, links, addresses and static routes of a rig, with a few <c>ip -batch</c> calls.</summary>
internal sealed class RigPlan
{
    private const int ServedPort = 8055;
    private readonly NetnsName names;
    private readonly int hosts;
    private readonly IReadOnlyList<Workload> workloads;

    internal RigPlan(NetnsName names, int hosts, IReadOnlyList<Workload> workloads)
    {
        this.names = names;
        this.hosts = hosts;
        this.workloads = workloads;
    }

    /// <summary>Builds it all, fills in the nodes, and returns the fabric's namespace.</summary>
    internal Netns Build(Dictionary<string, RigNode> nodes)
    {
        NetnsName.SweepOnce();
        string[] outer = [.. Enumerable.Range(1, hosts).Select(h => "h" + h), "x"];
        Command.IpBatch(outer.Prepend("fab").Concat(workloads.Select(w => w.Name)).Select(role => $"netns add {names.Of(role)}"));
        Netns fabric = new(names.Of("fab"));
        Prepare(fabric);
        foreach (string name in outer)
            nodes[name] = new RigNode(name, Prepare(new Netns(names.Of(name))), Outer(name, "10.100.0."), Outer(name, "fd00:100::"));
        Command.IpBatch(outer.Select(name => $"link add eth0 netns {names.Of(name)} type veth peer name {name} netns {names.Of("fab")}"));
        Command.IpBatch(Fabric(outer), fabric);
        foreach (string name in outer)
            Command.IpBatch(Outer(nodes[name]), nodes[name].Netns);
        foreach (Workload workload in workloads)
            Connect(names, workload, nodes);
        foreach (RigNode node in nodes.Values)
            node.Listen(ServedPort);
        return fabric;
    }

    /// <summary>A workload added to a rig that stands already.</summary>
    internal static RigNode AddWorkload(NetnsName names, Workload workload, Dictionary<string, RigNode> nodes)
    {
        Command.Shell($"ip netns add {names.Of(workload.Name)}");
        Connect(names, workload, nodes);
        nodes[workload.Name].Listen(ServedPort);
        return nodes[workload.Name];
    }

    /// <summary>Routes and proxying for one workload, by hand.</summary>
    internal static void Plumb(Netns host, Workload workload)
    {
        string conf4 = $"net/ipv4/conf/{workload.Interface}/", conf6 = $"net/ipv6/conf/{workload.Interface}/";
        host.WriteSysctl(conf4 + "proxy_arp", "1");
        host.WriteSysctl($"net/ipv4/neigh/{workload.Interface}/proxy_delay", "0");
        host.WriteSysctl(conf6 + "proxy_ndp", "1");
        Command.IpBatch([$"route replace {workload.Address4}/32 dev {workload.Interface}", $"route replace {workload.Address6}/128 dev {workload.Interface}"], host);
    }

    private static Netns Prepare(Netns netns)
    {
        // A rate-limited ICMP error would look like silence, and silence is what a correct deny looks like.
        netns.WriteSysctl("net/ipv4/icmp_ratelimit", "0");
        netns.WriteSysctl("net/ipv6/icmp/ratelimit", "0");
        foreach (string scope in new[] { "all", "default" })
        {
            // Duplicate address detection would hold every IPv6 address back for a second; the kernel's own rp_filter would hide a missing anti-spoof rule.
            netns.WriteSysctl($"net/ipv6/conf/{scope}/accept_dad", "0");
            netns.WriteSysctl($"net/ipv4/conf/{scope}/rp_filter", "0");
        }
        return netns;
    }

    private static IPAddress Outer(string name, string prefix) => IPAddress.Parse(prefix + Suffix(name));

    private static string Suffix(string name) => name == "x" ? "100" : name[1..];

    private static IEnumerable<string> Fabric(string[] ports) =>
    [
        "link set lo up",
        "link add br0 type bridge mcast_snooping 0",
        "addr add 10.100.0.254/24 dev br0",
        "addr add fd00:100::fe/64 dev br0 nodad",
        "link set br0 up",
        .. ports.Select(port => $"link set {port} master br0 up"),
    ];

    private IEnumerable<string> Outer(RigNode node)
    {
        yield return "link set lo up";
        yield return "link set eth0 up";
        yield return $"addr add {node.Address4}/24 dev eth0";
        yield return $"addr add {node.Address6}/64 dev eth0 nodad";
        if (node.Name == "x")
        {
            yield return "route add 10.65.0.0/16 via 10.100.0.1";
            yield return "route add fd00:65::/32 via fd00:100::1";
            yield break;
        }
        // Proxy ARP answers for 169.254.1.1 only where a route to it exists: hosts need a default route.
        yield return "route add default via 10.100.0.254";
        yield return "route add ::/0 via fd00:100::fe";
        node.Netns.WriteSysctl("net/ipv4/ip_forward", "1");
        node.Netns.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        int other = node.Name == "h1" ? 2 : 1;
        if (hosts == 1)
            yield break;
        yield return $"route add 10.65.{other - 1}.0/26 via 10.100.0.{other}";
        yield return $"route add {(other == 1 ? "fd00:65::" : "fd00:65:1::")}/64 via fd00:100::{other}";
    }

    private static void Connect(NetnsName names, Workload workload, Dictionary<string, RigNode> nodes)
    {
        Netns netns = Prepare(new Netns(names.Of(workload.Name)));
        RigNode node = new(workload.Name, netns, IPAddress.Parse(workload.Address4), IPAddress.Parse(workload.Address6));
        nodes[workload.Name] = node;
        Netns host = nodes[workload.HostName].Netns;
        Command.IpBatch(
        [
            $"link add {workload.Interface} address {Workload.HostMac} type veth peer name eth0 address {workload.Mac} netns {netns.Name}",
            $"link set {workload.Interface} up",
        ], host);
        Command.IpBatch(
        [
            "link set lo up",
            "link set eth0 up",
            $"addr add {workload.Address4}/32 dev eth0",
            $"addr add {workload.Address6}/128 dev eth0 nodad",
            "route add default via 169.254.1.1 dev eth0 onlink",
            $"route add ::/0 via {Workload.Gateway6} dev eth0",
        ], netns);
    }
}
