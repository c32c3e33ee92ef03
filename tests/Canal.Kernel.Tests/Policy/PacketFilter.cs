namespace Canal.Kernel.Tests.Policy;

/// <summary>What policy is programmed with.</summary>
public enum PacketFilter
{
    Nftables,
    IptablesLegacy,
    IptablesNft,
}
