using System.Globalization;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>The file by which flannel tells other programs of this host what it has leased (<c>/run/flannel/subnet.env</c>).</summary>
/// <param name="Networks">FLANNEL_NETWORK; flannel writes one, the CNI plugin reads a list.</param>
/// <param name="V6Networks">FLANNEL_IPV6_NETWORK.</param>
/// <param name="Subnet">The leased subnets; null when the file tells none that can be used.</param>
/// <param name="Mtu">FLANNEL_MTU in bytes; 0 when it is missing.</param>
/// <param name="Masquerade">FLANNEL_IPMASQ: somebody translates what leaves the network.</param>
public sealed record SubnetFile(EquatableArray<Cidr> Networks, EquatableArray<Cidr> V6Networks, FlannelSubnet? Subnet, uint Mtu, bool Masquerade)
{
    private const string Prefix = "FLANNEL_";

    /// <summary>The file of a host that has leased a subnet.</summary>
    public static SubnetFile Of(FlannelNetwork network, FlannelSubnet subnet, uint mtu, bool masquerade) =>
        new(NetworkOf(network.V4), NetworkOf(network.V6), subnet, mtu, masquerade);

    private static EquatableArray<Cidr> NetworkOf(FlannelRange? range) => range is null ? default : [range.Network];

    /// <summary>The text, to the byte as flannel writes it: the subnet is told by its first usable address.</summary>
    public string Write()
    {
        StringBuilder text = new();
        Write(text, "", Networks, Subnet?.V4Cidr);
        Write(text, "IPV6_", V6Networks, Subnet?.V6Cidr);
        text.Append(CultureInfo.InvariantCulture, $"{Prefix}MTU={Mtu}\n{Prefix}IPMASQ={(Masquerade ? "true" : "false")}\n");
        return text.ToString();
    }

    private static void Write(StringBuilder text, string family, EquatableArray<Cidr> networks, Cidr? subnet)
    {
        if (networks.IsEmpty) return;
        text.Append($"{Prefix}{family}NETWORK={string.Join(',', networks.Select(n => $"{GoText.Of(n.Address)}/{n.Length}"))}\n");
        if (subnet is { } own) text.Append($"{Prefix}{family}SUBNET={GoText.Of(own.AddressAt(1))}/{own.Length}\n");
    }

    /// <summary>Reads a file that this program or flanneld wrote, in whatever order. What is not as it should be counts as not there.</summary>
    public static SubnetFile Read(string text)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            int equals = line.IndexOf('=');
            if (equals > 0) values[line[..equals].Trim()] = line[(equals + 1)..].Trim().Trim('"', '\'');
        }
        Cidr? v4 = Single(values, "SUBNET", IpFamily.V4), v6 = Single(values, "IPV6_SUBNET", IpFamily.V6);
        return new SubnetFile(List(values, "NETWORK", IpFamily.V4), List(values, "IPV6_NETWORK", IpFamily.V6), v4 is null && v6 is null ? null : FlannelSubnet.Of(v4, v6),
            uint.TryParse(values.GetValueOrDefault($"{Prefix}MTU"), NumberStyles.None, CultureInfo.InvariantCulture, out uint mtu) ? mtu : 0,
            values.GetValueOrDefault($"{Prefix}IPMASQ") == "true");
    }

    private static EquatableArray<Cidr> List(Dictionary<string, string> values, string name, IpFamily family) =>
        values.GetValueOrDefault(Prefix + name, "").Split(',').Select(item => Parse(item, family)).OfType<Cidr>().ToEquatableArray();

    private static Cidr? Single(Dictionary<string, string> values, string name, IpFamily family) => Parse(values.GetValueOrDefault(Prefix + name, ""), family);

    private static Cidr? Parse(string text, IpFamily family) =>
        text.Contains('/') && Cidr.TryParse(text.Trim(), out Cidr cidr) && cidr.Family == family && cidr.Length > 0 ? cidr : null;
}
