using Canal.Core.Resources;

namespace Canal.Core.Nodes;

/// <summary>An interface of the host, as <see cref="AddressDetection"/> looks at it.</summary>
public sealed record DetectedInterface(string Name, bool IsUp, bool IsLoopback, IReadOnlyList<InterfaceAddress> Addresses);
