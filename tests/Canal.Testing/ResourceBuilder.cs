using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Testing;

/// <summary>
/// Resources in one line each. Lists are texts with commas: labels <c>role=a,zone=z1</c>, ports of an endpoint <c>http=8055/tcp</c>, nets and addresses as
/// usual. For anything rarer use <c>with</c>.
/// </summary>
public static partial class ResourceBuilder
{
    /// <summary>The node that tests speak for.</summary>
    public const string ThisNode = "h1";

    /// <summary>A workload endpoint as a CNI plugin writes it, named and labelled by the rules, on the interface <c>cali&lt;workload&gt;</c>.</summary>
    public static WorkloadEndpoint Workload(
        string workload, string addresses, string labels = "", string profiles = "", string ports = "", string node = ThisNode, string ns = "default",
        string orchestrator = "cni", string endpoint = "eth0", string? interfaceName = null, string serviceAccount = "")
    {
        WorkloadEndpointSpec spec = new()
        {
            Orchestrator = orchestrator,
            Node = node,
            Workload = workload,
            ContainerId = workload,
            Pod = workload,
            Endpoint = endpoint,
            ServiceAccountName = serviceAccount,
            IpNetworks = Cidrs(addresses),
            Profiles = Split(profiles).ToEquatableArray(),
            InterfaceName = interfaceName ?? $"cali{workload}",
            Ports = EndpointPorts(ports),
        };
        string name = WorkloadEndpointName.Of(spec).Print(out Problem problem) ?? throw new ArgumentException(problem.ToString(), nameof(workload));
        LabelMap stored = Labels(labels).With(WellKnownLabels.Namespace, ns).With(WellKnownLabels.Orchestrator, orchestrator);
        ResourceKey key = new(ResourceKind.WorkloadEndpoint, ns, name);
        return new WorkloadEndpoint { Key = key, Metadata = MetadataOf(key, stored), Spec = spec };
    }

    public static HostEndpoint Host(string name, string expectedIps = "", string labels = "", string profiles = "", string ports = "", string node = ThisNode,
        string interfaceName = "eth0")
    {
        ResourceKey key = new(ResourceKind.HostEndpoint, null, name);
        return new HostEndpoint
        {
            Key = key,
            Metadata = MetadataOf(key, Labels(labels)),
            Node = node,
            InterfaceName = interfaceName,
            ExpectedIps = Split(expectedIps).Select(text => IpAddress.Parse(text)).ToEquatableArray(),
            Profiles = Split(profiles).ToEquatableArray(),
            Ports = EndpointPorts(ports),
        };
    }

    public static NetworkSet Networks(string ns, string name, string nets, string labels = "")
    {
        ResourceKey key = new(ResourceKind.NetworkSet, ns, name);
        return new NetworkSet { Key = key, Metadata = MetadataOf(key, Labels(labels)), Nets = Cidrs(nets) };
    }

    public static GlobalNetworkSet GlobalNetworks(string name, string nets, string labels = "")
    {
        ResourceKey key = new(ResourceKind.GlobalNetworkSet, null, name);
        return new GlobalNetworkSet { Key = key, Metadata = MetadataOf(key, Labels(labels)), Nets = Cidrs(nets) };
    }

    public static Tier NewTier(string name, double? order = null, TierAction? defaultAction = null)
    {
        ResourceKey key = new(ResourceKind.Tier, null, name);
        return new Tier { Key = key, Metadata = MetadataOf(key), Order = order, DefaultAction = defaultAction };
    }

    public static Profile NewProfile(string name, Rule[]? ingress = null, Rule[]? egress = null, string labels = "")
    {
        ResourceKey key = new(ResourceKind.Profile, null, name);
        return new Profile
        {
            Key = key,
            Metadata = MetadataOf(key),
            Ingress = (ingress ?? []).ToEquatableArray(),
            Egress = (egress ?? []).ToEquatableArray(),
            LabelsToApply = Labels(labels),
        };
    }

    /// <summary>The profile that gives a namespace's labels to what is in it; these come without their prefix.</summary>
    public static Profile NamespaceProfile(string ns, string labels) => NewProfile($"kns.{ns}") with
    {
        LabelsToApply = LabelMap.Create(Labels(labels).With(WellKnownLabels.Name, ns).AsSpan().ToArray()
            .Select(label => KeyValuePair.Create(WellKnownLabels.NamespacePrefix + label.Key, label.Value))),
    };

    /// <summary>A profile that allows everything, and one that has no rules.</summary>
    public static Profile Open(string name = "open", string labels = "") => NewProfile(name, [Allow()], [Allow()], labels);

    public static Profile Closed(string name = "closed") => NewProfile(name);

    /// <summary>A policy for everything it selects. It governs the directions whose rules are given; both when none are.</summary>
    public static GlobalNetworkPolicy GlobalPolicy(
        string name, string selector = "all()", Rule[]? ingress = null, Rule[]? egress = null, double? order = null, string tier = PolicySpec.DefaultTier)
    {
        ResourceKey key = new(ResourceKind.GlobalNetworkPolicy, null, name);
        return new GlobalNetworkPolicy { Key = key, Metadata = MetadataOf(key), Spec = SpecOf(selector, ingress, egress, order, tier) };
    }

    /// <summary>A policy of one namespace. It governs the directions whose rules are given; both when none are.</summary>
    public static NetworkPolicy NamespacePolicy(
        string ns, string name, string selector = "all()", Rule[]? ingress = null, Rule[]? egress = null, double? order = null, string tier = PolicySpec.DefaultTier)
    {
        ResourceKey key = new(ResourceKind.NetworkPolicy, ns, name);
        return new NetworkPolicy { Key = key, Metadata = MetadataOf(key), Spec = SpecOf(selector, ingress, egress, order, tier) };
    }

    /// <summary>The same policy, only tried.</summary>
    public static StagedGlobalNetworkPolicy Staged(GlobalNetworkPolicy policy)
    {
        ResourceKey key = new(ResourceKind.StagedGlobalNetworkPolicy, null, policy.Key.Name);
        return new StagedGlobalNetworkPolicy { Key = key, Metadata = policy.Metadata, Spec = policy.Spec };
    }

    /// <inheritdoc cref="Staged(GlobalNetworkPolicy)"/>
    public static StagedNetworkPolicy Staged(NetworkPolicy policy)
    {
        ResourceKey key = new(ResourceKind.StagedNetworkPolicy, policy.Key.Namespace, policy.Key.Name);
        return new StagedNetworkPolicy { Key = key, Metadata = policy.Metadata, Spec = policy.Spec };
    }

    /// <summary>The same with another spec: <c>policy.But(spec => spec with { … })</c>.</summary>
    public static GlobalNetworkPolicy But(this GlobalNetworkPolicy policy, Func<PolicySpec, PolicySpec> change) => policy with { Spec = change(policy.Spec) };

    /// <inheritdoc cref="But(GlobalNetworkPolicy, Func{PolicySpec, PolicySpec})"/>
    public static NetworkPolicy But(this NetworkPolicy policy, Func<PolicySpec, PolicySpec> change) => policy with { Spec = change(policy.Spec) };

    /// <inheritdoc cref="But(GlobalNetworkPolicy, Func{PolicySpec, PolicySpec})"/>
    public static WorkloadEndpoint But(this WorkloadEndpoint endpoint, Func<WorkloadEndpointSpec, WorkloadEndpointSpec> change) => endpoint with { Spec = change(endpoint.Spec) };

    /// <summary><c>a=b,c=d</c>; a name alone has the empty value.</summary>
    public static LabelMap Labels(string text) => LabelMap.Create(Split(text).Select(label =>
    {
        int equals = label.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? KeyValuePair.Create(label, "") : KeyValuePair.Create(label[..equals], label[(equals + 1)..]);
    }));

    private static PolicySpec SpecOf(string selector, Rule[]? ingress, Rule[]? egress, double? order, string tier) => new()
    {
        Tier = tier,
        Order = order,
        Selector = selector,
        Types = (ingress is null) == (egress is null) ? PolicyTypes.Both : ingress is null ? PolicyTypes.Egress : PolicyTypes.Ingress,
        Ingress = (ingress ?? []).ToEquatableArray(),
        Egress = (egress ?? []).ToEquatableArray(),
    };

    private static EquatableArray<EndpointPort> EndpointPorts(string text) => Split(text).Select(port =>
    {
        string[] parts = port.Split('=', '/');
        return new EndpointPort(parts[0], Protocol.FromText(parts[2]), ushort.Parse(parts[1]));
    }).ToEquatableArray();

    private static Metadata MetadataOf(ResourceKey key, LabelMap labels = default) => new() { Name = key.Name, Namespace = key.Namespace, Labels = labels };

    private static EquatableArray<Cidr> Cidrs(string text) => Split(text).Select(net => Cidr.Parse(net)).ToEquatableArray();

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
