using Canal.Core.Addressing;

namespace Canal.Core.Policy;

/// <summary>A network interface of this host that belongs to no workload.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUp">It carries traffic.</param>
/// <param name="Addresses">Its own addresses.</param>
public sealed record HostInterface(string Name, bool IsUp, EquatableArray<IpAddress> Addresses)
{
    public const string Loopback = "lo";
}
