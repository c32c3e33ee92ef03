using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Bgp;

/// <summary>Resources as stored, and small clusters.</summary>
internal static class BgpSamples
{
    public static T Decode<T>(string name, string spec, string labels = "{}") where T : Resource
    {
        ResourceKind kind = typeof(T) == typeof(Node) ? ResourceKind.Node : typeof(T) == typeof(BgpPeer) ? ResourceKind.BGPPeer : typeof(T) == typeof(BgpFilter) ? ResourceKind.BGPFilter
            : typeof(T) == typeof(IpPool) ? ResourceKind.IPPool : ResourceKind.BGPConfiguration;
        ResourceKey key = new(kind, null, name);
        Decoded decoded = ResourceCodec.Decode(key, Encoding.UTF8.GetBytes($$"""{"metadata":{"labels":{{labels}}},"spec":{{spec}}}"""));
        Assert.True(decoded.Resource is not null, string.Join("; ", decoded.Problems));
        return (T)decoded.Resource!;
    }

    public static Node Node(string name, string v4, string? v6 = null, string more = "", string labels = "{}") =>
        Decode<Node>(name, $"{{\"bgp\":{{\"ipv4Address\":\"{v4}\"{(v6 is null ? "" : $",\"ipv6Address\":\"{v6}\"")}{more}}}}}", labels);

    public static Dictionary<string, T> Named<T>(params T[] resources) where T : Resource => resources.ToDictionary(r => r.Key.Name);

    /// <summary>A mesh of this many nodes of both families, seen from the first.</summary>
    public static BgpInputs Mesh(int nodes) => new()
    {
        NodeName = "node-0",
        Nodes = Named([.. Enumerable.Range(0, nodes).Select(i => Node($"node-{i}", $"10.{i / 250}.{i % 250}.1/16", $"fd00::{i / 250 + 1:x}:{i % 250 + 1:x}/64"))]),
        Pools = Named(Decode<IpPool>("pool", """{"cidr":"192.168.0.0/16"}""")),
        Affinities = new Dictionary<Cidr, AffinityState> { [Cidr.Parse("192.168.1.0/26")] = AffinityState.Confirmed },
    };
}
