using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Felix.Wiring;

/// <summary>What the kernel must hold for one workload interface that is up, besides policy.</summary>
/// <param name="Routes">Routes to the workload's addresses.</param>
/// <param name="Neighbours">Permanent neighbours, so that nothing depends on the workload's answers.</param>
/// <param name="Addresses">The host's own on this interface, by which a workload that speaks BGP calls it.</param>
/// <param name="Sysctls">Path below /proc/sys/net and value.</param>
internal sealed record InterfaceWiring(EquatableArray<Route> Routes, EquatableArray<Neighbour> Neighbours, EquatableArray<IpAddress> Addresses, EquatableArray<(string Path, string Value)> Sysctls)
{
    public static InterfaceWiring None { get; } = new(default, default, default, default);
}
