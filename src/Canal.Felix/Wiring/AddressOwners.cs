using Canal.Core.Addressing;

namespace Canal.Felix.Wiring;

/// <summary>Which interface has the route to an address that several endpoints claim: of those that are up, the one made last (highest index).</summary>
internal sealed class AddressOwners
{
    private readonly Dictionary<Cidr, SortedSet<int>> claims = [];

    /// <summary>The interface claims the address. Interfaces that lose or gain the route by it are added to the list.</summary>
    public void Claim(Cidr address, int link, HashSet<int> affected)
    {
        if (!claims.TryGetValue(address, out SortedSet<int>? links)) claims.Add(address, links = []);
        if (links.Count > 0) affected.Add(links.Max);
        links.Add(link);
    }

    /// <summary>The interface gives the address up.</summary>
    public void Release(Cidr address, int link, HashSet<int> affected)
    {
        if (!claims.TryGetValue(address, out SortedSet<int>? links) || !links.Remove(link)) return;
        if (links.Count == 0) claims.Remove(address);
        else affected.Add(links.Max);
    }

    public bool Owns(Cidr address, int link) => claims.TryGetValue(address, out SortedSet<int>? links) && links.Max == link;
}
