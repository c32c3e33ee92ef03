namespace Canal.Felix.Configuration;

/// <summary>Which flavour of iptables.</summary>
internal enum IptablesBackend
{
    /// <summary>The one that the host's other software uses; found out at the start.</summary>
    Auto,
    Legacy,
    Nft,
}
