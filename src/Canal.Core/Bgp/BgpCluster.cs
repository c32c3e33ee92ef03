using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>What the planners ask of the cluster's resources, with Calico's defaults in place.</summary>
internal sealed class BgpCluster
{
    private const uint DefaultAs = 64512;

    private readonly BgpInputs inputs;
    private readonly Dictionary<IpAddress, Node> owners = [];
    private readonly Dictionary<string, Dictionary<string, string>> labels = new(StringComparer.Ordinal);

    public BgpCluster(BgpInputs inputs)
    {
        this.inputs = inputs;
        Nodes = [.. inputs.Nodes.Values.Where(n => n.Bgp is not null).OrderBy(n => n.Key.Name, StringComparer.Ordinal)];
        Default = inputs.Configurations.GetValueOrDefault("default");
        Own = inputs.Configurations.GetValueOrDefault($"node.{inputs.NodeName}");
        Self = inputs.Nodes.GetValueOrDefault(inputs.NodeName);
        foreach (Node node in Nodes)
            foreach (IpFamily family in Families)
                if (AddressOf(node, family) is { } address) owners.TryAdd(address, node);
    }

    public static ReadOnlySpan<IpFamily> Families => [IpFamily.V4, IpFamily.V6];

    /// <summary>Those that take part in BGP, by name.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>This host; null when it is not there.</summary>
    public Node? Self { get; }

    public BgpConfiguration? Default { get; }

    /// <summary>This host's own configuration.</summary>
    public BgpConfiguration? Own { get; }

    public uint GlobalAs => Default?.AsNumber ?? DefaultAs;

    public uint AsOf(Node node) => node.Bgp?.AsNumber ?? GlobalAs;

    /// <summary>Where a node listens; null for 179.</summary>
    public ushort? ListenPortOf(string node) =>
        Given(inputs.Configurations.GetValueOrDefault($"node.{node}")?.ListenPort) ?? Given(Default?.ListenPort);

    /// <summary>The node with this address in its BGP section.</summary>
    public Node? OwnerOf(IpAddress address) => owners.GetValueOrDefault(address);

    public static IpAddress? AddressOf(Node node, IpFamily family) =>
        (family == IpFamily.V4 ? node.Bgp?.Ipv4Address : node.Bgp?.Ipv6Address)?.Address;

    public static Cidr? SubnetOf(Node node, IpFamily family) =>
        (family == IpFamily.V4 ? node.Bgp?.Ipv4Address : node.Bgp?.Ipv6Address)?.Network;

    /// <summary>Null when the node is no route reflector.</summary>
    public static IpAddress? ClusterIdOf(Node node) =>
        node.Bgp is { RouteReflectorClusterId.Length: > 0 } bgp && IpAddress.TryParse(bgp.RouteReflectorClusterId, out IpAddress id) ? id : null;

    /// <summary>Whether a selector that was validated selects the node.</summary>
    public bool Selects(Selector selector, Node node)
    {
        if (!labels.TryGetValue(node.Key.Name, out Dictionary<string, string>? map))
        {
            map = node.Metadata.Labels.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal);
            labels.Add(node.Key.Name, map);
        }
        return selector.Evaluate(map);
    }

    private static ushort? Given(ushort? port) => port is 0 ? null : port;
}
