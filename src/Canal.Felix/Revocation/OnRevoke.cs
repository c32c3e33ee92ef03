namespace Canal.Felix.Revocation;

/// <summary>What becomes of connections that policy no longer allows.</summary>
public enum OnRevoke
{
    /// <summary>They go on, as in Calico.</summary>
    Keep,

    /// <summary>Their packets are dropped.</summary>
    Drop,

    /// <summary>Their packets are answered with a TCP reset or an ICMP error.</summary>
    Reset,
}
