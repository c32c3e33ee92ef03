using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;

namespace Canal.Felix.Hosts;

/// <summary>This host's own interfaces with their addresses, its host endpoints, and which governs which. Looks at them anew only when one of them changed.</summary>
internal sealed class HostInterfaces
{
    private readonly Dictionary<int, Link> links = [];
    private readonly Dictionary<int, HashSet<IpAddress>> addresses = [];
    private readonly Dictionary<string, HostEndpointPolicy> endpoints = new(StringComparer.Ordinal);
    private EquatableArray<string> prefixes, excludedItems;
    private ExcludedInterfaces excluded = new(default);
    private bool dirty = true;

    /// <summary>As it was found last.</summary>
    public HostEndpointResolution Resolution { get; private set; } = HostEndpointResolution.None;

    /// <summary>A link appeared or changed; null when it is gone.</summary>
    public void SetLink(int index, Link? link)
    {
        if (links.TryGetValue(index, out Link? old)) dirty |= IsOwn(old.Name);
        if (link is null)
        {
            links.Remove(index);
            addresses.Remove(index);
            return;
        }
        links[index] = link;
        dirty |= IsOwn(link.Name);
    }

    /// <summary>An address appeared or vanished.</summary>
    public void SetAddress(InterfaceAddress address, bool removed)
    {
        if (!addresses.TryGetValue(address.Interface, out HashSet<IpAddress>? own)) addresses.Add(address.Interface, own = []);
        bool changed = removed ? own.Remove(address.Address) : own.Add(address.Address);
        dirty |= changed && links.TryGetValue(address.Interface, out Link? link) && IsOwn(link.Name);
    }

    /// <summary>Replaces all links and addresses by a fresh listing.</summary>
    public void SetAll(IReadOnlyList<Link> allLinks, IReadOnlyList<InterfaceAddress> allAddresses)
    {
        links.Clear();
        addresses.Clear();
        foreach (Link link in allLinks) links[link.Index] = link;
        foreach (InterfaceAddress address in allAddresses) SetAddress(address, removed: false);
        dirty = true;
    }

    /// <summary>Takes in which host endpoints changed.</summary>
    public void SetEndpoints(IReadOnlyDictionary<string, HostEndpointPolicy?> changes)
    {
        foreach ((string name, HostEndpointPolicy? endpoint) in changes)
        {
            if (endpoint is null) endpoints.Remove(name);
            else endpoints[name] = endpoint;
            dirty = true;
        }
    }

    /// <summary>Finds who governs what, when anything has changed. Returns whether another endpoint governs an interface, or the same one with other policy.</summary>
    public bool Resolve(FelixParameters parameters)
    {
        dirty |= prefixes != parameters.InterfacePrefixes || excludedItems != parameters.InterfaceExclude;
        prefixes = parameters.InterfacePrefixes;
        if (excludedItems != parameters.InterfaceExclude) excluded = new ExcludedInterfaces(excludedItems = parameters.InterfaceExclude);
        if (!dirty) return false;
        dirty = false;
        HostEndpointResolution before = Resolution;
        Resolution = endpoints.Count == 0 ? HostEndpointResolution.None : new HostEndpointResolution(Own(), endpoints.Values, name => InterfaceName.IsValid(name) && IsOwn(name));
        return !Resolution.GovernsAs(before);
    }

    /// <summary>The host endpoints that govern something.</summary>
    public IEnumerable<HostEndpointPolicy> Governing => Resolution.ByInterface.Values.Append(Resolution.AllInterfaces).OfType<HostEndpointPolicy>().Distinct();

    /// <summary>The interface of this host's own that has the address; null when none has.</summary>
    public string? InterfaceOf(IpAddress address)
    {
        foreach ((int index, HashSet<IpAddress> held) in addresses)
            if (held.Contains(address) && links.TryGetValue(index, out Link? link) && IsOwn(link.Name)) return link.Name;
        return null;
    }

    /// <summary>The interfaces that a packet to or from this host's own addresses may cross.</summary>
    public IEnumerable<string> Crossed => links.Values.Where(link => IsOwn(link.Name) && link.IsRunning && (link.Flags & LinkFlags.Loopback) == 0).Select(link => link.Name);

    /// <summary>The addresses of this host's own interfaces.</summary>
    public IEnumerable<IpAddress> OwnAddresses => links.Values.Where(link => IsOwn(link.Name)).SelectMany(link => addresses.GetValueOrDefault(link.Index) ?? []);

    /// <summary>The addresses of the interfaces that one of these host endpoints governs.</summary>
    public IEnumerable<IpAddress> AddressesGoverned(HashSet<string> names)
    {
        if (names.Count == 0) yield break;
        foreach (Link link in links.Values)
            if (IsOwn(link.Name) && Resolution.Governing(link.Name) is { } endpoint && names.Contains(endpoint.Key.Name))
                foreach (IpAddress address in addresses.GetValueOrDefault(link.Index) ?? []) yield return address;
    }

    private IEnumerable<HostInterface> Own()
    {
        foreach (Link link in links.Values)
            if (IsOwn(link.Name)) yield return new HostInterface(link.Name, link.IsRunning, Expected(link));
    }

    /// <summary>The addresses by which a host endpoint may mean the interface.</summary>
    private EquatableArray<IpAddress> Expected(Link link) => excluded.Contains(link.Name) ? default : addresses.GetValueOrDefault(link.Index)?.ToEquatableArray() ?? default;

    private bool IsOwn(string name)
    {
        foreach (string prefix in prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return false;
        return true;
    }
}
