using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>A wanted route to addresses that no local workload has.</summary>
/// <param name="Destination">A block, or one address.</param>
/// <param name="Class">The way; it decides the device.</param>
/// <param name="Gateway">The next hop; null: the destination is the far end of the tunnel itself, or is dropped.</param>
public sealed record ClusterRoute(Cidr Destination, RouteClass Class, IpAddress? Gateway)
{
    public override string ToString() => $"{Destination} {Class}{(Gateway is { } gateway ? $" via {gateway}" : "")}";
}
