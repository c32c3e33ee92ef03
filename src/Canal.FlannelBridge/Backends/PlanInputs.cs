using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Kernel;

namespace Canal.FlannelBridge.Backends;

/// <summary>What a backend plans from.</summary>
/// <param name="Network">The network's configuration.</param>
/// <param name="Uplink">How other hosts are reached.</param>
/// <param name="Picture">The kernel as it was listed.</param>
/// <param name="Own">This host's subnet; null before there is a lease.</param>
internal sealed record PlanInputs(FlannelNetwork Network, Uplink Uplink, KernelPicture Picture, FlannelSubnet? Own)
{
    /// <summary>What the network was cut from before: hosts that have not moved yet are reached there.</summary>
    public EquatableArray<FlannelRange> Former { get; init; }

    /// <summary>Index of a device; null while it is not there.</summary>
    public int? Device(string name) => Picture.Underlay.Find(name)?.Index;

    /// <summary>The device's own addresses: the first of each leased subnet.</summary>
    public IpAddress? DeviceAddress(IpFamily family) => Own?[family]?.Address;
}
