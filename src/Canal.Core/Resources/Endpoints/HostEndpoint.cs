using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>An interface of a host, or all of them.</summary>
public sealed record HostEndpoint : Resource
{
    /// <summary>An <see cref="InterfaceName"/> meaning every interface.</summary>
    public const string AllInterfaces = "*";

    /// <summary>Never empty.</summary>
    public required string Node { get; init; }

    /// <summary>A name, <see cref="AllInterfaces"/>, or empty: then the interface is found by <see cref="ExpectedIps"/>.</summary>
    public string InterfaceName { get; init; } = "";

    public EquatableArray<IpAddress> ExpectedIps { get; init; }

    /// <summary>In order of precedence.</summary>
    public EquatableArray<string> Profiles { get; init; }

    public EquatableArray<EndpointPort> Ports { get; init; }
}
