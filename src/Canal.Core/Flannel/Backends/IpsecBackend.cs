using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>IPsec by strongSwan.</summary>
/// <param name="UdpEncapsulation">ESP goes in UDP.</param>
public sealed record IpsecBackend(bool UdpEncapsulation) : FlannelBackend("ipsec")
{
    private const uint Overhead = 77;
    private const uint UdpOverhead = 8;

    public override bool Carries(IpFamily family) => family == IpFamily.V4;

    public override uint Mtu(uint link, IpFamily family) => Less(link, 0, UdpEncapsulation ? Overhead + UdpOverhead : Overhead);

    internal static IpsecBackend Read(FlannelJson options) => new(options.Flag("UDPEncap", false));
}
