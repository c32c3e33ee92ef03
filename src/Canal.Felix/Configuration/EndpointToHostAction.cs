namespace Canal.Felix.Configuration;

/// <summary>What happens to a packet from a workload to its own host once the workload's egress policy allowed it.</summary>
public enum EndpointToHostAction
{
    /// <summary>Dropped.</summary>
    Drop,

    /// <summary>Accepted by this table; other tables of the host may still drop it.</summary>
    Accept,

    /// <summary>Left to the host's own firewall. The same as Accept in nftables, where an accept ends only the own table.</summary>
    Return,
}
