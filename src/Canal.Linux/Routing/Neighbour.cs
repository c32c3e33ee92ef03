using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>An entry of the ARP or neighbour discovery table, or a proxy entry.</summary>
public sealed record Neighbour : KernelObject
{
    public required int Interface { get; init; }

    public required IpAddress Address { get; init; }

    /// <summary>Link-layer address; null for a proxy entry, or while it is not known.</summary>
    public MacAddress? Mac { get; init; }

    public NeighbourState State { get; init; } = NeighbourState.Permanent;

    /// <summary>Answer for the address on this interface (NTF_PROXY); has neither MAC nor state.</summary>
    public bool IsProxy { get; init; }

    /// <summary>A proxy entry.</summary>
    public static Neighbour Proxy(int link, IpAddress address) => new() { Interface = link, Address = address, IsProxy = true, State = NeighbourState.None };

    public override string Print(LinkNames names) => IsProxy
        ? $"neighbour proxy {Address} dev {names[Interface]}"
        : $"neighbour {Address}{(Mac is { } mac ? $" lladdr {mac}" : "")} dev {names[Interface]} nud {State.ToString().ToLowerInvariant()}";
}
