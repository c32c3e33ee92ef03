using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Where a packet comes from or goes to.</summary>
/// <param name="Addresses">One, or those of the endpoint that was named.</param>
/// <param name="Endpoint">The workload or host endpoint that has the address; null for the world outside.</param>
internal sealed record PacketEnd(IReadOnlyList<IpAddress> Addresses, Resource? Endpoint)
{
    private const string Host = "host/";

    /// <summary>Understands an address, <c>host/NAME</c> for a host endpoint, or <c>[NAMESPACE/]NAME</c> for a workload endpoint: its name or its workload's.</summary>
    /// <exception cref="CommandException">There is no such endpoint, or more than one.</exception>
    public static PacketEnd Find(string text, IReadOnlyList<Resource> resources)
    {
        if (IpAddress.TryParse(text, out IpAddress address))
            return new PacketEnd([address], OwnerOf(address, resources));
        Resource[] found = text.StartsWith(Host, StringComparison.Ordinal)
            ? [.. resources.Where(resource => resource is HostEndpoint && resource.Key.Name == text[Host.Length..])]
            : [.. resources.OfType<WorkloadEndpoint>().Where(endpoint => IsNamed(endpoint, text))];
        if (found.Length == 1)
            return new PacketEnd(AddressesOf(found[0]), found[0]);
        throw new CommandException(Hosting.ExitCode.Failure, found.Length == 0
            ? $"{Problem.Quote(text)} is neither an address nor an endpoint ([NAMESPACE/]NAME or host/NAME)"
            : $"{Problem.Quote(text)} may be any of {string.Join(", ", found.Select(endpoint => endpoint.Key.ToString()))}");
    }

    /// <summary>The packet's two addresses: the first of one family at both ends.</summary>
    /// <exception cref="CommandException">The ends have no family in common.</exception>
    public static (IpAddress Source, IpAddress Destination) Pair(PacketEnd from, PacketEnd to)
    {
        foreach (IpAddress source in from.Addresses)
        {
            foreach (IpAddress destination in to.Addresses)
            {
                if (source.Family == destination.Family)
                    return (source, destination);
            }
        }
        throw new CommandException(Hosting.ExitCode.Failure, "the two ends have no addresses of one family");
    }

    private static Resource? OwnerOf(IpAddress address, IReadOnlyList<Resource> resources) =>
        resources.FirstOrDefault(resource => resource is WorkloadEndpoint && AddressesOf(resource).Contains(address))
        ?? resources.FirstOrDefault(resource => resource is HostEndpoint && AddressesOf(resource).Contains(address));

    private static IpAddress[] AddressesOf(Resource endpoint) => endpoint switch
    {
        WorkloadEndpoint workload => [.. workload.Spec.IpNetworks.Where(network => network.IsSingleAddress).Select(network => network.Address)],
        HostEndpoint host => [.. host.ExpectedIps],
        _ => [],
    };

    private static bool IsNamed(WorkloadEndpoint endpoint, string text)
    {
        int slash = text.IndexOf('/');
        if (slash >= 0 && endpoint.Key.Namespace != text[..slash])
            return false;
        string name = text[(slash + 1)..];
        return endpoint.Key.Name == name || (WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName parts) && parts.Workload == name);
    }
}
