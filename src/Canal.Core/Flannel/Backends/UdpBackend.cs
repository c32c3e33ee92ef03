using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>Packets in UDP, by a process: slow, for hosts whose kernel has nothing better.</summary>
/// <param name="Port">UDP port that all hosts use.</param>
public sealed record UdpBackend(ushort Port) : FlannelBackend("udp")
{
    public const ushort DefaultPort = 8285;

    /// <summary>Name of the device that the network is routed to.</summary>
    public const string Device = "flannel0";

    private const uint Overhead = 28;

    public override string LeaseType => "";

    public override bool TakesAnyLease => true;

    public override IEnumerable<string> Devices(FlannelNetwork network) => [Device];

    public override bool Carries(IpFamily family) => family == IpFamily.V4;

    public override uint Mtu(uint link, IpFamily family) => Less(link, 0, Overhead);

    internal static UdpBackend Read(FlannelJson options) => new(options.Number("Port", ushort.MaxValue) is var port && port == 0 ? DefaultPort : (ushort)port);
}
