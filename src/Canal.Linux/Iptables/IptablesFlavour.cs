namespace Canal.Linux.Iptables;

/// <summary>Where iptables' rules are in the kernel. A host may have both; each sees only its own, and a packet passes both.</summary>
public enum IptablesFlavour
{
    /// <summary>x_tables, as ever.</summary>
    Legacy,

    /// <summary>Tables of nf_tables that look like iptables'.</summary>
    Nft,
}
