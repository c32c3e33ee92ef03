namespace Canal.Core.Resources;

/// <summary>What an IPAM key holds.</summary>
public enum IpamKeyKind : byte
{
    Block,
    Affinity,
    Handle,
    Config,
}
