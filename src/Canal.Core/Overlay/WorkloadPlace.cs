using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>Where a workload is.</summary>
/// <param name="Key">Its endpoint's.</param>
/// <param name="Node">The node that the endpoint's name says.</param>
/// <param name="Addresses">Each of full length.</param>
public readonly record struct WorkloadPlace(ResourceKey Key, string Node, EquatableArray<Cidr> Addresses);
