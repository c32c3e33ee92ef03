using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Benchmarks;

/// <summary>The cluster of <see cref="CalculatorData"/> as it is stored in etcd, with what a cluster needs around it.</summary>
internal sealed class DaemonData(int endpoints, int policies)
{
    public const int MostLocal = 200;

    private readonly CalculatorData data = new(endpoints, policies);

    /// <summary>Endpoints of the host under test are those of <see cref="CalculatorData"/> that are local.</summary>
    public int Local { get; } = Math.Min(MostLocal, endpoints);

    public int Endpoints => endpoints;

    /// <summary>Policies that select an endpoint of this host.</summary>
    public int ActivePolicies { get; } = new CalculatorData(endpoints, policies).ActivePolicies().Count();

    /// <summary>Every key with its value, in no order.</summary>
    public IEnumerable<(string Key, string Json)> Everything()
    {
        yield return Resource(ResourceKind.ClusterInformation, null, "default", "", """{"clusterGUID":"0123456789abcdef0123456789abcdef","datastoreReady":true}""");
        yield return Resource(ResourceKind.Tier, null, "default", "", """{"order":1000000,"defaultAction":"Deny"}""");
        yield return Resource(ResourceKind.Profile, null, "bench", "", """{"egress":[{"action":"Allow"}]}""");
        foreach (string node in Enumerable.Range(0, endpoints).Select(data.NodeOf).Distinct())
            yield return Resource(ResourceKind.Node, null, node, "", """{"bgp":{"ipv4Address":"172.31.0.9/16"}}""");
        for (int j = 0; j < policies; j++) yield return Policy(j);
        yield return Sentinel("198.18.0.1");
        for (int i = 0; i < endpoints; i++) yield return Endpoint(i);
        yield return Joining(0);
    }

    /// <summary>Endpoint number i, with another value of the label svc if one is given.</summary>
    public (string Key, string Json) Endpoint(int i, int? service = null)
    {
        IEnumerable<KeyValuePair<string, string>> labels = data.LabelsOf(i).Select(l => service is { } other && l.Key == "svc" ? new(l.Key, $"svc-{other}") : l);
        return Workload(data.NodeOf(i), $"c{i:D8}", IpAddress.FromV4((uint)((10 << 24) + (64 << 16) + i + 1)).ToString(), InterfaceOf(i), labels);
    }

    /// <summary>Remote endpoint number n of those that join the sentinel's set, and its address.</summary>
    public (string Key, string Json) Joining(int n) => Workload("host-r00000", $"probe{n:D5}", JoiningAddress(n).ToString(), $"calip{n:D5}", [new("benchjoin", "x")]);

    public static IpAddress JoiningAddress(int n) => IpAddress.FromV4((uint)((10 << 24) + (200 << 16) + n + 1));

    /// <summary>One more endpoint of this host, selected by some policies.</summary>
    public (string Key, string Json) ExtraLocal(int n) =>
        Workload(CalculatorData.LocalNode, $"extra{n:D5}", $"10.201.{n >> 8}.{n & 255}", ExtraInterfaceOf(n), [new("app", $"app-{n % 5}"), new("svc", "none")]);

    /// <summary>The policy that is changed: it allows from this address.</summary>
    public (string Key, string Json) Sentinel(string address) => Policy("bench-sentinel", 0, "sentinel == 'yes'",
    [
        AllowFrom($"\"nets\":[\"{address}/32\"]", 9001),
        AllowFrom("\"selector\":\"benchjoin == 'x'\"", 9002),
    ]);

    public static string InterfaceOf(int i) => $"cali{i:D6}";

    public static string ExtraInterfaceOf(int n) => $"calix{n:D5}";

    private (string Key, string Json) Policy(int j) => Policy($"bench-{j:D5}", j + 1, $"app == 'app-{j % Math.Max(1, policies / 5)}'", data.SelectorsOf(j).Select((selector, k) =>
        AllowFrom($"\"selector\":\"{selector}\"", 10000 + (5 * j) + k)));

    private static string AllowFrom(string source, int port) =>
        $$$"""{"action":"Allow","protocol":"TCP","source":{{{{source}}}},"destination":{"ports":[{{{port}}}]}}""";

    private static (string Key, string Json) Policy(string name, int order, string selector, IEnumerable<string> ingress) => Resource(ResourceKind.GlobalNetworkPolicy, null, name, "",
        string.Create(CultureInfo.InvariantCulture, $$"""{"tier":"default","order":{{order}},"selector":"{{selector}}","types":["Ingress"],"ingress":[{{string.Join(',', ingress)}}]}"""));

    private static (string Key, string Json) Workload(string node, string container, string address, string @interface, IEnumerable<KeyValuePair<string, string>> labels)
    {
        string own = string.Concat(labels.Select(l => $"\"{l.Key}\":\"{l.Value}\","));
        return Resource(ResourceKind.WorkloadEndpoint, "default", $"{node.Replace("-", "--", StringComparison.Ordinal)}-cni-{container}-eth0",
            $$$""","labels":{{{{own}}}"projectcalico.org/namespace":"default","projectcalico.org/orchestrator":"cni"}""",
            $$"""{"orchestrator":"cni","node":"{{node}}","containerID":"{{container}}","endpoint":"eth0","ipNetworks":["{{address}}/32"],"profiles":["bench"],"interfaceName":"{{@interface}}","mac":"ee:ee:ee:ee:ee:ee"}""");
    }

    private static (string Key, string Json) Resource(ResourceKind kind, string? @namespace, string name, string metadata, string spec)
    {
        string space = @namespace is null ? "" : $"\"namespace\":\"{@namespace}\",";
        return (new ResourceKey(kind, @namespace, name).ToEtcdKey(), $$$"""
            {"kind":"{{{kind}}}","apiVersion":"projectcalico.org/v3","metadata":{"name":"{{{name}}}",{{{space}}}"uid":"9c1c5b1e-5ad2-4c7e-9c57-0c6f0c6f0c6f","creationTimestamp":"2026-05-04T09:30:00Z"{{{metadata}}}},"spec":{{{spec}}}}
            """);
    }
}
