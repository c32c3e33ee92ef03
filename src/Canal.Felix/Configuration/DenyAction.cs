namespace Canal.Felix.Configuration;

/// <summary>How a packet is denied.</summary>
public enum DenyAction
{
    /// <summary>Silently.</summary>
    Drop,

    /// <summary>With an ICMP error or TCP reset.</summary>
    Reject,
}
