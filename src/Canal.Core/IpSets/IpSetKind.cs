namespace Canal.Core.IpSets;

/// <summary>What the members of a set are.</summary>
public enum IpSetKind
{
    /// <summary>Addresses and prefixes of the endpoints and network sets that a selector matches.</summary>
    Addresses,

    /// <summary>(address, protocol, port) of the endpoints that a selector matches and that own a port of that name.</summary>
    NamedPort,
}
