namespace Canal.Felix.Configuration;

/// <summary>What policy is programmed with.</summary>
internal enum DataplaneKind
{
    /// <summary>Nftables where the kernel has it; found out at the start.</summary>
    Auto,
    Nftables,

    /// <summary>iptables, ip6tables and ipset, for hosts whose other software insists on them.</summary>
    Iptables,
}
