using Canal.Core;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;

namespace Canal.FlannelBridge.Kernel;

/// <summary>What the kernel is to be made into.</summary>
/// <param name="Network">The network's configuration.</param>
/// <param name="Planner">Its backend.</param>
/// <param name="Wishes">What the operator says about the interface.</param>
/// <param name="Own">This host's subnet; null before there is a lease.</param>
/// <param name="Peers">The other hosts' leases.</param>
/// <param name="Blackhole">Addresses of the own subnet that nobody has lead nowhere.</param>
/// <param name="Retired">Devices of a backend that the network had before.</param>
internal sealed record KernelOrder(
    FlannelNetwork Network, BackendPlanner Planner, UplinkWishes Wishes, FlannelSubnet? Own, IEnumerable<HeldLease> Peers, bool Blackhole, EquatableArray<string> Retired)
{
    /// <summary>What the network was cut from before, where hosts may be still.</summary>
    public EquatableArray<FlannelRange> Former { get; init; }

    /// <summary>All that hosts' subnets may be of.</summary>
    public IEnumerable<FlannelRange> Ranges => Network.Ranges.Concat(Former);
}
