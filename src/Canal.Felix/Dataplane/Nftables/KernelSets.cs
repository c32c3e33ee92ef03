using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>How sets are described to the kernel. Single addresses are hash sets, true prefixes interval sets, whose changes cost time in proportion to their size.</summary>
internal static class KernelSets
{
    /// <summary>Interface name to the chain of packets from it.</summary>
    public static NftSet FromWorkloads { get; } = new("from-workloads", NftKeyType.IfName, NftSetFlags.VerdictMap);

    /// <summary>Interface name to the chain of packets to it.</summary>
    public static NftSet ToWorkloads { get; } = new("to-workloads", NftKeyType.IfName, NftSetFlags.VerdictMap);

    /// <summary>Interface name to the chain of foreign source addresses that packets from it may have.</summary>
    public static NftSet Spoofing { get; } = new("spoofing", NftKeyType.IfName, NftSetFlags.VerdictMap);

    /// <summary>The maps by which workloads' packets find what is for their interface.</summary>
    public static IReadOnlyList<NftSet> Workloads { get; } = [FromWorkloads, ToWorkloads, Spoofing];

    /// <summary>The kernel set of a part of a set.</summary>
    public static NftSet Of(SetPart part) => new(
        KernelNames.Set(part),
        part.Set.Kind == IpSetKind.NamedPort ? NftKeyType.AddressProtocolPort(part.Family) : NftKeyType.Address(part.Family),
        part.Prefixes ? NftSetFlags.Interval : NftSetFlags.None,
        Comment: part.Set.Description);
}
