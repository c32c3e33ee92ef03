using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>All claims by destination, and the destinations of each node.</summary>
internal sealed class ClaimTable
{
    private readonly Dictionary<Cidr, List<RouteClaim>> claims = [];
    private readonly Dictionary<string, HashSet<Cidr>> byNode = new(StringComparer.Ordinal);

    public IReadOnlyCollection<Cidr> Destinations => claims.Keys;

    public IReadOnlyList<RouteClaim> Of(Cidr destination) => claims.TryGetValue(destination, out List<RouteClaim>? found) ? found : [];

    public IReadOnlyCollection<Cidr> OfNode(string node) => byNode.TryGetValue(node, out HashSet<Cidr>? found) ? found : [];

    public void Add(Cidr destination, RouteClaim claim)
    {
        if (!claims.TryGetValue(destination, out List<RouteClaim>? held)) claims.Add(destination, held = new(1));
        held.Add(claim);
        if (!byNode.TryGetValue(claim.Node, out HashSet<Cidr>? destinations)) byNode.Add(claim.Node, destinations = []);
        destinations.Add(destination);
    }

    public void Remove(Cidr destination, RouteClaim claim)
    {
        List<RouteClaim> held = claims[destination];
        held.Remove(claim);
        if (held.Count == 0) claims.Remove(destination);
        if (held.Exists(c => c.Node == claim.Node)) return;
        HashSet<Cidr> destinations = byNode[claim.Node];
        destinations.Remove(destination);
        if (destinations.Count == 0) byNode.Remove(claim.Node);
    }
}
