namespace Canal.Linux.Nftables;

/// <summary>What a match of a rule looks at.</summary>
public enum NftField
{
    InInterface,
    OutInterface,
    Family,
    Protocol,
    Mark,
    ConnectionState,
    ConnectionStatus,
    ConnectionMark,
    SourceAddress,
    DestinationAddress,
    SourcePort,
    DestinationPort,
    IcmpType,

    /// <summary>Type and code side by side, two bytes.</summary>
    IcmpTypeAndCode,
    IcmpCode,
    TcpFlags,

    /// <summary>The interface by which the route back to the source leaves; 0 when it is not the one the packet came by.</summary>
    ReversePath,

    /// <summary>Type of the source address: local or not.</summary>
    SourceType,
    DestinationType,

    /// <summary>Type of the source address seen from the interface that the packet leaves by.</summary>
    SourceTypeAtOutInterface,
}
