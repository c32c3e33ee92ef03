using System.Text.Json;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>IPsec: the kernel encrypts, strongSwan's charon agrees on the keys.</summary>
/// <param name="UdpEncapsulation">ESP goes in UDP.</param>
/// <param name="EspProposal">How packets are encrypted, in strongSwan's words.</param>
/// <param name="Secret">What hosts prove to each other that they have.</param>
public sealed record IpsecBackend(bool UdpEncapsulation, string EspProposal, IpsecSecret Secret) : FlannelBackend("ipsec")
{
    /// <summary>How IKE itself is encrypted; flannel leaves no choice.</summary>
    public const string IkeProposal = "aes256-sha256-modp4096";

    /// <summary>flannel's number for what belongs together of policies and security associations.</summary>
    public const uint RequestId = 11;

    private const uint Overhead = 77;
    private const uint UdpOverhead = 8;

    public override bool Carries(IpFamily family) => family == IpFamily.V4;

    public override uint Mtu(uint link, IpFamily family) => Less(link, 0, UdpEncapsulation ? Overhead + UdpOverhead : Overhead);

    internal static IpsecBackend Read(FlannelJson options) => new(options.Flag("UDPEncap", false), Flannel.EspProposal.Check(options.Text("ESPProposal")), SharedSecret(options));

    /// <summary>What is wrong with a secret is said without it.</summary>
    private static IpsecSecret SharedSecret(FlannelJson options)
    {
        if (options.Find("PSK") is not { ValueKind: not JsonValueKind.Null } given) return IpsecSecret.Of("");
        return given.ValueKind == JsonValueKind.String ? IpsecSecret.Of(given.GetString()!) : throw new FlannelFormatException("PSK is not a string");
    }
}
