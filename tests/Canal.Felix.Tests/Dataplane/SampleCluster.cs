using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>A small cluster with one of everything that the kernel can hold for it: sets of addresses, prefixes and ports, nets, tiers, passing, profiles.</summary>
internal static class SampleCluster
{
    public static Resource[] All { get; } =
    [
        Workload("w0", "10.0.0.1,fd00::1", "role=web", "open"),
        Workload("w1", "10.0.0.2,fd00::2", "role=db", "open", ports: "sql=5432/tcp"),
        Workload("r0", "10.0.0.3", "role=client", node: "h2"),
        GlobalNetworks("office", "192.0.2.0/24,192.0.2.77/32,2001:db8::/32", "zone=office"),
        Open(),
        NewTier("security", 1),
        GlobalPolicy("quarantine", "role == 'web'", [Deny(Entity("zone == 'office'")), Pass()], tier: "security"),
        Web,
        GlobalPolicy("db", "role == 'db'", [Allow(Entity(nets: "10.0.0.0/30,fd00::/64"), Entity(ports: "sql"), "TCP"), Log()], [Deny(to: Entity(nets: "198.51.100.1/32,198.51.100.2/32"))]),
    ];

    /// <summary>A policy that tests replace.</summary>
    public static GlobalNetworkPolicy Web => GlobalPolicy("web", "role == 'web'", [Allow(Entity("role == 'client'"), Entity(ports: "80,443"), "TCP")]);

    /// <summary>The same with one rule changed and nothing else.</summary>
    public static GlobalNetworkPolicy WebOnOtherPort => GlobalPolicy("web", "role == 'web'", [Allow(Entity("role == 'client'"), Entity(ports: "80,8443"), "TCP")]);

    public static WorkloadEndpoint Client => Workload("r0", "10.0.0.3", "role=client", node: "h2");
}
