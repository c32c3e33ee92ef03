using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>Something that selectors can match and that owns addresses: an endpoint or a network set, with its labels as they are inherited.</summary>
internal sealed class AddressOwner(Dictionary<string, string> labels, EquatableArray<Cidr> addresses, EquatableArray<EndpointPort> ports)
{
    /// <summary>The owner a resource is, or null when it owns no addresses.</summary>
    public static AddressOwner? Of(Resource resource, Func<string, LabelMap?> profileLabels) => resource switch
    {
        WorkloadEndpoint w when IsEndpoint(w) => Make(EndpointLabels.Of(w), w.Spec.Profiles, profileLabels, EndpointAddresses.Of(w.Spec), w.Spec.Ports),
        HostEndpoint h => Make(h.Metadata.Labels, h.Profiles, profileLabels, h.ExpectedIps.Select(ip => new Cidr(ip)).ToEquatableArray(), h.Ports),
        NetworkSet s => Make(EndpointLabels.Of(s), [EndpointLabels.NamespaceProfile(s.Key.Namespace ?? "")], profileLabels, s.Nets, default),
        GlobalNetworkSet s => Make(s.Metadata.Labels, default, profileLabels, s.Nets, default),
        _ => null,
    };

    /// <summary>An endpoint without addresses, or with a name that is none, is not one yet.</summary>
    public static bool IsEndpoint(WorkloadEndpoint endpoint) => !endpoint.Spec.IpNetworks.IsEmpty && WorkloadEndpointName.TryParse(endpoint.Key.Name, out _);

    public bool Is(Selector selector) => selector.Evaluate(labels);

    public bool Owns(IpAddress address)
    {
        foreach (Cidr owned in addresses)
            if (owned.Contains(address)) return true;
        return false;
    }

    /// <summary>Owns the address by itself, not within a prefix, and serves the named port there; protocol null means any that has ports.</summary>
    public bool Serves(IpAddress address, string portName, byte? ruleProtocol, byte packetProtocol, ushort port)
    {
        if (!addresses.Contains(new Cidr(address))) return false;
        foreach (EndpointPort own in ports)
        {
            bool rightProtocol = own.Protocol.Number == packetProtocol && (ruleProtocol is null ? own.Protocol.SupportsPorts : ruleProtocol == packetProtocol);
            if (own.Name == portName && own.Number == port && rightProtocol) return true;
        }
        return false;
    }

    private static AddressOwner Make(
        IEnumerable<KeyValuePair<string, string>> own, EquatableArray<string> parents, Func<string, LabelMap?> profileLabels, EquatableArray<Cidr> addresses, EquatableArray<EndpointPort> ports)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (KeyValuePair<string, string> label in own) labels.TryAdd(label.Key, label.Value);
        foreach (string parent in parents)
            foreach (KeyValuePair<string, string> label in profileLabels(parent) ?? LabelMap.Empty) labels.TryAdd(label.Key, label.Value);
        return new AddressOwner(labels, addresses, ports);
    }
}
