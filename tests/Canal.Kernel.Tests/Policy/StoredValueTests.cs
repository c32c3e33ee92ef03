using System.Text;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>Values that no client of Calico would write, as they stand in etcd: what they forbid, or cannot be understood to allow, does not pass.</summary>
public sealed class StoredValueTests
{
    private static readonly Packet[] Sent = [Tcp("10.0.0.2", "10.0.0.1", 80), Icmp("10.0.0.2", "10.0.0.1", 8), OfProtocol(253, "10.0.0.2", "10.0.0.1")];

    public static TheoryData<PacketFilter, ResourceKind, string> Forbidding
    {
        get
        {
            TheoryData<PacketFilter, ResourceKind, string> cases = [];
            foreach (PacketFilter filter in Enum.GetValues<PacketFilter>())
            {
                cases.Add(filter, ResourceKind.GlobalNetworkPolicy, """{"spec":{"types":["Ingress"],"ingress":[{"action":"Allow","protocol":0}]}}""");
                cases.Add(filter, ResourceKind.GlobalNetworkPolicy, """{"spec":{"types":["Ingress"],"ingress":[{"action":"Allow","notProtocol":0}]}}""");
                cases.Add(filter, ResourceKind.GlobalNetworkPolicy, """{"spec":{"types":["Ingress"],"ingress":[{"action":"Allow","protocol":"ICMP","icmp":{"type":255}}]}}""");
                cases.Add(filter, ResourceKind.NetworkPolicy, """{"spec":{"types":["Ingress"],"preDNAT":true,"applyOnForward":true,"ingress":[{"action":"Deny"}]}}""");
                cases.Add(filter, ResourceKind.NetworkPolicy, """{"spec":{"types":["Ingress"],"doNotTrack":true,"applyOnForward":true,"ingress":[{"action":"Deny"}]}}""");
                cases.Add(filter, ResourceKind.GlobalNetworkPolicy, """{"spec":{"types":["Ingress"],"stagedAction":"Foo","ingress":[{"action":"Deny"}]}}""");
                cases.Add(filter, ResourceKind.WorkloadEndpoint, """{"metadata":{"labels":{"quarantine":true}},"spec":{"node":"h1","interfaceName":"caliw0","mac":"MAC","ipNetworks":["10.0.0.1/32"],"profiles":["open"]}}""");
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Forbidding))]
    public void Nothing_passes(PacketFilter filter, ResourceKind kind, string json) => PolicyHost.Run(["caliw0", "caliw1"], host =>
    {
        WorkloadEndpoint At(string name, string address, string profiles = "") => Workload(name, address, profiles: profiles).But(spec => spec with { Mac = host.Ports[$"cali{name}"].OutsideMac });
        WorkloadEndpoint receiver = At("w0", "10.0.0.1"), open = At("w0", "10.0.0.1", "open");
        bool refused = json.Contains("Allow", StringComparison.Ordinal);
        ResourceKey key = kind == ResourceKind.WorkloadEndpoint ? receiver.Key : new ResourceKey(kind, kind == ResourceKind.NetworkPolicy ? "default" : null, "odd");
        Decoded decoded = ResourceCodec.Decode(key, Encoding.UTF8.GetBytes(json.Replace("MAC", host.Ports["caliw0"].OutsideMac.ToString(), StringComparison.Ordinal)));
        List<(ResourceKey, Resource?)> cluster = [.. new Resource[] { Open(), At("w1", "10.0.0.2", "open"), GlobalPolicy("isolation", "has(quarantine)", [Deny()]) }.Select(r => (r.Key, (Resource?)r))];
        // What a policy that is refused would have allowed nothing else does; what one denies a profile would have allowed.
        if (kind != ResourceKind.WorkloadEndpoint) cluster.Add((receiver.Key, refused ? receiver : open));
        cluster.Add((key, decoded.Resource));
        host.Apply(cluster, new FelixParameters());
        Assert.DoesNotContain(NetworkTests.Deliver(host, "caliw1", Sent), seen => seen.Link == host.Ports["caliw0"].OutsideLink);
    }, filter);
}
