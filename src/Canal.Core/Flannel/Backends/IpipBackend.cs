using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>IPv4 in IPv4.</summary>
/// <param name="DirectRouting">Hosts of the same link are reached without wrapping.</param>
public sealed record IpipBackend(bool DirectRouting) : FlannelBackend("ipip")
{
    public const string Device = "flannel.ipip";

    private const uint Overhead = 20;

    public override IEnumerable<string> Devices(FlannelNetwork network) => [Device];

    public override bool Carries(IpFamily family) => family == IpFamily.V4;

    public override uint Mtu(uint link, IpFamily family) => Less(link, 0, Overhead);
}
