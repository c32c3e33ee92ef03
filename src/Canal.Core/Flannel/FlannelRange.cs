using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>One family's side of a flannel network: what hosts' subnets are cut from.</summary>
/// <param name="Network">The whole network.</param>
/// <param name="SubnetLength">Prefix length of a host's subnet.</param>
/// <param name="First">First subnet that hosts may have.</param>
/// <param name="Last">Last one, itself allowed; before <paramref name="First"/> when there is none at all.</param>
public sealed record FlannelRange(Cidr Network, int SubnetLength, IpAddress First, IpAddress Last)
{
    public IpFamily Family => Network.Family;

    /// <summary>How many subnets there are.</summary>
    public UInt128 Count => Last < First ? 0 : ((Network.OffsetOf(Last) - Network.OffsetOf(First)) >> (Family.Bits - SubnetLength)) + 1;

    /// <summary>A subnet as a lease has it lies here. flannel compares the address as it stands, host bits and all.</summary>
    public bool Admits(IpAddress subnet, int length) => length == SubnetLength && subnet.Family == Family && subnet >= First && subnet <= Last;
}
