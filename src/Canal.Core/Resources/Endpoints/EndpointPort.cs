namespace Canal.Core.Resources;

/// <summary>A named port of an endpoint.</summary>
/// <param name="Name">Empty is allowed on workload endpoints; such a port takes no part in matching by name.</param>
/// <param name="Protocol">Its number is known.</param>
/// <param name="Number">The port.</param>
public readonly record struct EndpointPort(string Name, Protocol Protocol, ushort Number);
