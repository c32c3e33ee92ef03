using Canal.Testing.Rig;

namespace Canal.Felix.Tests.Loop;

/// <summary>What etcd holds for a host with two workloads and a policy.</summary>
internal static class SampleObjects
{
    public static Resource Ready { get; } = Calico.ClusterInformation(ready: true);

    public static Resource Unready { get; } = Calico.ClusterInformation(ready: false);

    public static Resource Open { get; } = Calico.Profile("open").In(Rule.Allow).Out(Rule.Allow);

    public static Resource Policy { get; } = Calico.GlobalNetworkPolicy("web").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'"));

    public static Resource OtherPolicy { get; } = Calico.GlobalNetworkPolicy("db").Selecting("name == 'w1'").In(Rule.Allow.Src("name == 'w0'"));

    public static Resource W0 { get; } = Endpoint("w0", "caliw0", "10.65.0.10/32", "fd00:65::10/128");

    public static Resource W1 { get; } = Endpoint("w1", "caliw1", "10.65.0.11/32", "fd00:65::11/128");

    public static Resource[] All { get; } = [Ready, Calico.Tier("default").Order(1_000_000), Open, Policy, W0, W1];

    public static Resource Endpoint(string container, string interfaceName, params string[] addresses) =>
        Calico.WorkloadEndpoint("default", "h1", container, interfaceName, "02:65:00:00:00:01", addresses);
}
