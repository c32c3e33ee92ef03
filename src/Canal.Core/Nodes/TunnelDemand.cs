namespace Canal.Core.Nodes;

/// <summary>What a host's agent wants of one of its tunnels' addresses; which one is right, the pools say.</summary>
public enum TunnelDemand : byte
{
    /// <summary>The tunnel is not used, whatever pools there are: no address.</summary>
    Unwanted,

    /// <summary>An address that is there is kept right; where there is none, none is assigned.</summary>
    Kept,

    /// <summary>The tunnel needs an address.</summary>
    Wanted,
}
