using System.Text.Json.Nodes;

namespace Canal.Testing.Rig;

/// <summary>The objects every scenario begins with.</summary>
internal static class BaseObjects
{
    internal static IEnumerable<Resource> For(int hosts)
    {
        yield return Calico.ClusterInformation(ready: true);
        yield return Calico.Tier("default").Order(1_000_000);
        yield return NetworkRig.Configuration;
        yield return Pool("p", "10.65.0.0/16", 26);
        yield return Pool("p6", "fd00:65::/32", 122);
        yield return Calico.Profile("open").In(Rule.Allow).Out(Rule.Allow).Spec("labelsToApply", new JsonObject { ["prof"] = "open" });
        yield return Calico.Profile("closed");
        for (int host = 1; host <= hosts; host++)
            yield return Node(host);
    }

    private static Resource Pool(string name, string cidr, int blockSize) => Calico.IpPool(name, cidr)
        .Spec("blockSize", blockSize).Spec("ipipMode", "Never").Spec("vxlanMode", "Never").Spec("natOutgoing", false).Spec("nodeSelector", "all()");

    private static Resource Node(int host) => Calico.Node("h" + host)
        .Spec("bgp", new JsonObject { ["ipv4Address"] = $"10.100.0.{host}/24", ["ipv6Address"] = $"fd00:100::{host}/64" });
}
