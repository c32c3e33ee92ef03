using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Linux.Routing;

namespace Canal.Felix.Wiring;

/// <summary>
/// The host's links, the endpoints that should govern them, and what the kernel holds for each workload interface. Knows which interfaces have to be looked
/// at again; the looking is <see cref="InterfaceWirer"/>'s. An endpoint without interface waits, and so does an interface without endpoint.
/// </summary>
internal sealed class InterfaceTable
{
    private readonly Dictionary<int, Link> links = [];
    private readonly Dictionary<string, int> indices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EndpointPolicy> endpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<int, EquatableArray<Cidr>> claimed = [];
    private readonly AddressOwners owners = new();

    /// <summary>Interfaces to look at, by name; the caller empties it.</summary>
    public HashSet<string> Dirty { get; } = new(StringComparer.Ordinal);

    /// <summary>Links whose kernel state is in doubt (they changed state, which flushes routes and neighbours without saying so); the caller empties it.</summary>
    public HashSet<int> Doubted { get; } = [];

    /// <summary>Who has which address, and which addresses change hands.</summary>
    public AddressTenants Tenants { get; } = new();

    /// <summary>Names of the interfaces that endpoints name.</summary>
    public IReadOnlyDictionary<string, EndpointPolicy> Endpoints => endpoints;

    /// <summary>The workloads of this host by their addresses.</summary>
    public Dictionary<IpAddress, EndpointPolicy> ByAddress()
    {
        Dictionary<IpAddress, EndpointPolicy> workloads = [];
        foreach (EndpointPolicy endpoint in endpoints.Values)
            foreach (Cidr address in endpoint.Addresses) workloads[address.Address] = endpoint;
        return workloads;
    }

    public IEnumerable<Link> Links => links.Values;

    /// <summary>The link of that name, when there is one.</summary>
    public Link? Find(string name) => indices.TryGetValue(name, out int index) ? links[index] : null;

    public Link? Find(int index) => links.GetValueOrDefault(index);

    /// <summary>The endpoint that governs the interface changed, or none does any more.</summary>
    public void SetEndpoint(string name, EndpointPolicy? endpoint)
    {
        if (endpoints.TryGetValue(name, out EndpointPolicy? before)) Tenants.Replace(before, endpoint);
        if (endpoint is null) endpoints.Remove(name);
        else endpoints[name] = endpoint;
        Dirty.Add(name);
        UpdateClaims(name);
    }

    /// <summary>A link appeared or changed; null when it is gone.</summary>
    public void SetLink(int index, Link? link)
    {
        Link? old = links.GetValueOrDefault(index);
        if (old == link) return;
        if (old is not null && old.Name != link?.Name) Forget(old);
        if (link is null)
        {
            links.Remove(index);
            return;
        }
        links[index] = link;
        indices[link.Name] = index;
        Dirty.Add(link.Name);
        // Under another name it may have become a workload's, and nothing was read of it before.
        if (old is null || old.Name != link.Name || old.IsRunning != link.IsRunning || old.IsAdminUp != link.IsAdminUp) Doubted.Add(index);
        UpdateClaims(link.Name);
    }

    /// <summary>Replaces all links by a fresh listing.</summary>
    public void SetLinks(IReadOnlyList<Link> listing)
    {
        HashSet<int> present = [.. listing.Select(l => l.Index)];
        foreach (int gone in links.Keys.Where(i => !present.Contains(i)).ToArray()) SetLink(gone, null);
        foreach (Link link in listing) SetLink(link.Index, link);
    }

    /// <summary>Everything is to be looked at again.</summary>
    public void DirtyAll()
    {
        foreach (Link link in links.Values) Dirty.Add(link.Name);
        foreach (string name in endpoints.Keys) Dirty.Add(name);
    }

    /// <summary>The interface that has the route to the address.</summary>
    public bool Owns(Cidr address, int link) => owners.Owns(address, link);

    private void Forget(Link link)
    {
        if (indices.GetValueOrDefault(link.Name) == link.Index) indices.Remove(link.Name);
        Dirty.Add(link.Name);
        Claim(link.Index, default);
    }

    private void UpdateClaims(string name)
    {
        if (Find(name) is not Link link) return;
        bool up = link.IsRunning && endpoints.ContainsKey(name);
        Claim(link.Index, up ? endpoints[name].RoutedAddresses : default);
    }

    private void Claim(int link, EquatableArray<Cidr> addresses)
    {
        EquatableArray<Cidr> before = claimed.GetValueOrDefault(link);
        if (before == addresses) return;
        HashSet<int> affected = [];
        foreach (Cidr address in before)
            if (!addresses.Contains(address)) owners.Release(address, link, affected);
        foreach (Cidr address in addresses)
            if (!before.Contains(address)) owners.Claim(address, link, affected);
        if (addresses.IsEmpty) claimed.Remove(link);
        else claimed[link] = addresses;
        foreach (int index in affected)
            if (links.TryGetValue(index, out Link? other)) Dirty.Add(other.Name);
    }
}
