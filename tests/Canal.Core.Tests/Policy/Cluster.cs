using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Policy;

/// <summary>
/// One state of a cluster that flows are tried in. Workloads are called by their names, whatever is no workload by its address. Every decision is the
/// evaluator's and is checked against what the calculator of the endpoint's node would make a dataplane do.
/// </summary>
internal sealed class Cluster
{
    /// <summary>A client outside.</summary>
    public const string Outside = "10.100.0.100";

    private readonly Resource[] resources;
    private readonly PolicyEvaluator evaluator;
    private readonly Dictionary<string, CalculatedDecision> nodes = [];

    public Cluster(params Resource[] resources)
    {
        this.resources = resources;
        evaluator = new PolicyEvaluator(resources);
        foreach (string node in (string[])["h1", "h2"]) nodes.Add(node, new CalculatedDecision(node, resources));
    }

    /// <summary>With these more, or in place of those of the same key.</summary>
    public Cluster With(params Resource[] others) => new([.. resources.Where(r => !Array.Exists(others, o => o.Key == r.Key)), .. others]);

    public Cluster Without(params Resource[] others) => new([.. resources.Where(r => !Array.Exists(others, o => o.Key == r.Key))]);

    /// <summary>A TCP connection: the egress of where it comes from and the ingress of where it goes both allow it.</summary>
    public bool Connects(string from, string to, int port = 8055) => Passes(ResourceBuilder.Tcp(AddressOf(from), AddressOf(to), port));

    public bool Passes(Packet packet) => Allows(packet.Source, Direction.Egress, packet) && Allows(packet.Destination, Direction.Ingress, packet);

    public string AddressOf(string name) => Named(name) is { } endpoint ? endpoint.Spec.IpNetworks[0].Address.ToString() : name;

    public Decision Decide(string workload, Direction direction, Packet packet) => Decide(Named(workload)!, direction, packet);

    private bool Allows(IpAddress address, Direction direction, Packet packet)
    {
        WorkloadEndpoint? endpoint = resources.OfType<WorkloadEndpoint>().FirstOrDefault(w => w.Spec.IpNetworks.Contains(new Cidr(address)));
        return endpoint is null || Decide(endpoint, direction, packet).Allowed;
    }

    private Decision Decide(WorkloadEndpoint endpoint, Direction direction, Packet packet)
    {
        Decision decision = evaluator.Decide(endpoint.Key, direction, packet);
        Assert.Equal(decision, nodes[endpoint.Spec.Node].Decide(endpoint.Key, direction, packet));
        return decision;
    }

    private WorkloadEndpoint? Named(string name) => resources.OfType<WorkloadEndpoint>().FirstOrDefault(w => w.Spec.Workload == name);
}
