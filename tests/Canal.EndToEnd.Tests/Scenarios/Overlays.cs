using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What the overlay scenarios write.</summary>
internal static class Overlays
{
    internal static Resource Pool(string vxlanMode) => Calico.IpPool("p", "10.65.0.0/16").Spec("blockSize", 26).Spec("vxlanMode", vxlanMode).Spec("ipipMode", "Never");

    internal static Resource Pool6(string vxlanMode) => Calico.IpPool("p6", "fd00:65::/32").Spec("blockSize", 122).Spec("vxlanMode", vxlanMode);

    internal static Resource Node(int host) => Calico.Node("h" + host)
        .Spec("bgp", new JsonObject { ["ipv4Address"] = $"10.100.0.{host}/24", ["ipv6Address"] = $"fd00:100::{host}/64" })
        .Spec("ipv4VXLANTunnelAddr", $"10.65.{host - 1}.0").Spec("ipv6VXLANTunnelAddr", host == 1 ? "fd00:65::" : "fd00:65:1::");

    /// <summary>A block as IPAM writes it: owner, and addresses assigned to nodes.</summary>
    internal static (string Key, string Json) Block(string cidr, string? owner, params (int Ordinal, string Node)[] assigned)
    {
        int bits = cidr.Contains(':', StringComparison.Ordinal) ? 128 : 32, size = 1 << (bits - int.Parse(cidr[(cidr.IndexOf('/', StringComparison.Ordinal) + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        JsonNode?[] allocations = new JsonNode?[size];
        for (int i = 0; i < assigned.Length; i++) allocations[assigned[i].Ordinal] = i;
        JsonObject block = new()
        {
            ["cidr"] = cidr,
            ["affinity"] = owner is null ? null : $"host:{owner}",
            ["allocations"] = new JsonArray(allocations),
            ["unallocated"] = new JsonArray([.. Enumerable.Range(0, size).Where(i => allocations[i] is null).Select(i => (JsonNode)i)]),
            ["attributes"] = new JsonArray([.. assigned.Select(a => (JsonNode)new JsonObject { ["handle_id"] = $"net.{a.Ordinal}", ["secondary"] = new JsonObject { ["node"] = a.Node } })]),
            ["sequenceNumber"] = 1,
            ["deleted"] = false,
        };
        return ($"/calico/ipam/v2/assignment/{(bits == 32 ? "ipv4" : "ipv6")}/block/{cidr.Replace('/', '-')}", block.ToJsonString());
    }

    internal static async Task PutBlock(this NetworkRig rig, string cidr, string? owner, params (int Ordinal, string Node)[] assigned)
    {
        (string key, string json) = Block(cidr, owner, assigned);
        await rig.Etcd.Put(key, json);
    }

    /// <summary>Takes the rig's own routes between hosts away: those of the scenario must do.</summary>
    internal static void DropStaticRoutes(NetworkRig rig)
    {
        rig["h1"].Shell("ip route del 10.65.1.0/26; ip -6 route del fd00:65:1::/64");
        rig["h2"].Shell("ip route del 10.65.0.0/26; ip -6 route del fd00:65::/64");
    }

    /// <summary>Two hosts with nodes, pools and blocks for VXLAN in both families; agents not started.</summary>
    internal static async Task<NetworkRig> Vxlan(string mode = "Always")
    {
        NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        DropStaticRoutes(rig);
        await rig.Put(Pool(mode), Pool6(mode), Node(1), Node(2));
        await rig.PutBlock("10.65.0.0/26", "h1", (10, "h1"));
        await rig.PutBlock("10.65.1.0/26", "h2", (10, "h2"));
        await rig.PutBlock("fd00:65::/122", "h1");
        await rig.PutBlock("fd00:65:1::/122", "h2");
        return rig;
    }
}
