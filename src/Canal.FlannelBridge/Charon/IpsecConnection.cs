using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Charon;

/// <summary>How this host and a peer come to have security associations between their subnets, as flannel has charon do it.</summary>
/// <param name="Name">What charon knows it by.</param>
/// <param name="Local">The interface's address.</param>
/// <param name="LocalId">What this host calls itself: its public address.</param>
/// <param name="Remote">The peer's public address, which it calls itself.</param>
/// <param name="LocalSubnet">This host's subnet.</param>
/// <param name="RemoteSubnet">The peer's.</param>
/// <param name="EspProposal">How packets are encrypted.</param>
/// <param name="UdpEncapsulation">ESP goes in UDP also where no NAT is seen.</param>
internal sealed record IpsecConnection(
    string Name, IpAddress Local, IpAddress LocalId, IpAddress Remote, Cidr LocalSubnet, Cidr RemoteSubnet, string EspProposal, bool UdpEncapsulation)
{
    /// <summary>
    /// The message of load-conn. The policies are this agent's, so that packets do not go unencrypted while charon is not there. Both ends start: whichever comes
    /// last finds the other. An end that its peer closes starts anew, without end (keyingtries). Addresses stay, so no MOBIKE.
    /// </summary>
    public ViciSection Message() => new ViciSection().Set(Name, new ViciSection()
        .Set("version", "2").Set("keyingtries", "0").Set("mobike", "no").Set("encap", UdpEncapsulation ? "yes" : "no").Set("dpd_delay", "30s")
        .Set("local_addrs", [Local.ToString()]).Set("remote_addrs", [Remote.ToString()]).Set("proposals", [IpsecBackend.IkeProposal])
        .Set("local", new ViciSection().Set("auth", "psk").Set("id", LocalId.ToString()))
        .Set("remote", new ViciSection().Set("auth", "psk").Set("id", Remote.ToString()))
        .Set("children", new ViciSection().Set(Name, new ViciSection()
            .Set("mode", "tunnel").Set("reqid", $"{IpsecBackend.RequestId}").Set("policies", "no").Set("start_action", "start").Set("close_action", "start")
            .Set("dpd_action", "restart").Set("rekey_time", "1h")
            .Set("local_ts", [LocalSubnet.ToString()]).Set("remote_ts", [RemoteSubnet.ToString()]).Set("esp_proposals", [EspProposal]))));
}
