using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>The chains and sets that the parity tests play with.</summary>
internal static class ParityObjects
{
    internal static readonly NftSet Hosts4 = new("hosts4", NftKeyType.Ipv4);
    internal static readonly NftSet Small4 = new("small4", NftKeyType.Ipv4, Size: 3, Comment: "three");
    internal static readonly NftSet Nets4 = new("nets4", NftKeyType.Ipv4, NftSetFlags.Interval);
    internal static readonly NftSet Nets6 = new("nets6", NftKeyType.Ipv6, NftSetFlags.Interval);
    internal static readonly NftSet Ports4 = new("ports4", NftKeyType.Ipv4ProtocolPort);
    internal static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);
    internal static readonly NftSet Narrow = new("narrow", NftKeyType.Ipv4, NftSetFlags.Interval, Size: 3);
    internal static readonly NftSet[] All = [Hosts4, Small4, Nets4, Nets6, Ports4, Dispatch, Narrow];
    internal static readonly string[] Chains = ["a", "b", "c"];
}
