using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>Packets in VXLAN between the hosts' public addresses.</summary>
/// <param name="Vni">Network identifier; also in the devices' names.</param>
/// <param name="Port">UDP port that all hosts use; the lease does not tell it.</param>
/// <param name="Gbp">Packets carry the group policy extension.</param>
/// <param name="Learning">The devices learn who is where from traffic too.</param>
/// <param name="OuterMtu">MTU of the packets outside; 0: the link's.</param>
/// <param name="DirectRouting">Hosts of the same link are reached without wrapping.</param>
public sealed record VxlanBackend(uint Vni, ushort Port, bool Gbp, bool Learning, uint OuterMtu, bool DirectRouting) : FlannelBackend("vxlan")
{
    /// <summary>The kernel's own default, which flannel leaves in force.</summary>
    public const ushort DefaultPort = 8472;

    private const uint MostVni = (1 << 24) - 1;
    private const uint OverheadV4 = 50;
    private const uint OverheadV6 = 70;

    /// <summary>Name of the device that carries this family's packets.</summary>
    public string Device(IpFamily family) => string.Create(CultureInfo.InvariantCulture, $"{(family == IpFamily.V4 ? "flannel" : "flannel-v6")}.{Vni}");

    public override IEnumerable<string> Devices(FlannelNetwork network) => network.Ranges.Select(range => Device(range.Family));

    /// <summary>The kernel makes no device larger than the link that it is on, whatever is asked for.</summary>
    public override uint Mtu(uint link, IpFamily family) => Less(link, Math.Min(OuterMtu, link), family == IpFamily.V4 ? OverheadV4 : OverheadV6);

    internal static VxlanBackend Read(FlannelJson options)
    {
        uint vni = options.Find("VNI") is null ? 1 : options.Number("VNI", MostVni), port = options.Number("Port", ushort.MaxValue);
        return new VxlanBackend(vni, port == 0 ? DefaultPort : (ushort)port, options.Flag("GBP", false), options.Flag("Learning", false), options.Number("MTU", ushort.MaxValue), options.Flag("DirectRouting", false));
    }

    /// <summary>What a lease says of a host's device.</summary>
    public string LeaseData(MacAddress mac) => string.Create(CultureInfo.InvariantCulture, $"{{\"VNI\":{Vni},\"VtepMAC\":\"{mac}\"}}");

    /// <summary>The hardware address of a peer's device.</summary>
    /// <exception cref="FlannelFormatException">The lease does not tell one.</exception>
    public static MacAddress PeerMac(string leaseData)
    {
        string text = leaseData.Length == 0 ? "" : FlannelJson.Parse(System.Text.Encoding.UTF8.GetBytes(leaseData), "BackendData").Text("VtepMAC");
        // One for many hosts, or for none, would catch what is for others.
        return MacAddress.TryParse(text, out MacAddress mac) && mac.Value != 0 && (mac.Value >> 40 & 1) == 0 ? mac : throw new FlannelFormatException($"VtepMAC {Problem.Quote(text)} is not the hardware address of a host");
    }

    /// <summary>
    /// The address a device is made with: always the same for this host, network and family, so that a device that comes back is the one its peers know.
    /// </summary>
    public MacAddress OwnMac(string node, IpAddress host, IpFamily family)
    {
        byte[] hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{node}\n{host}\n{Device(family)}"));
        // Unicast, and not from a vendor's range.
        hash[0] = (byte)((hash[0] & 0xfe) | 0x02);
        return MacAddress.FromBytes(hash.AsSpan(0, 6));
    }
}
