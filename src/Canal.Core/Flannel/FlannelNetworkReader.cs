using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>Reads a network's configuration and checks it by flannel's rules, so that this host and real flanneld accept and refuse the same.</summary>
public static class FlannelNetworkReader
{
    /// <summary>Bytes that a configuration may have; etcd allows more than anyone would write.</summary>
    public const int LongestText = 64 * 1024;

    /// <summary>The configuration, everything left open filled in.</summary>
    /// <exception cref="FlannelFormatException">It cannot be used.</exception>
    public static FlannelNetwork Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > LongestText) throw new FlannelFormatException($"the network configuration has {json.Length} bytes, more than {LongestText}");
        FlannelJson config = FlannelJson.Parse(json, "the network configuration");
        (bool v4, bool v6, bool nftables) = (config.Flag("EnableIPv4", true), config.Flag("EnableIPv6", false), config.Flag("EnableNFTables", false));
        // Read whether enabled or not: what cannot be read is refused by real flanneld in any case.
        Draft draft4 = Draft.Of(config, IpFamily.V4), draft6 = Draft.Of(config, IpFamily.V6);
        string backend = config.Object("Backend") is { } given ? given.Text("Type") : FlannelNetwork.DefaultBackend;
        return new FlannelNetwork(v4 ? draft4.Check() : null, v6 ? draft6.Check() : null, backend, config.Raw("Backend"), nftables);
    }

    /// <summary>The configuration in text.</summary>
    /// <exception cref="FlannelFormatException">It cannot be used.</exception>
    public static FlannelNetwork Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    /// <summary>One family's fields as written.</summary>
    private readonly record struct Draft(string Prefix, IpFamily Family, Cidr? Network, int Length, IpAddress? First, IpAddress? Last)
    {
        private const int ShortestNetworkWithWholeSubnets = 22;
        private const int ShortestNetworkWithWholeSubnetsV6 = 62;

        private int Bits => Family.Bits;

        public static Draft Of(FlannelJson config, IpFamily family)
        {
            string prefix = family == IpFamily.V4 ? "" : "IPv6";
            return new Draft(prefix, family, config.Prefix($"{prefix}Network", family), (int)config.Number($"{prefix}SubnetLen", 1 << 16),
                Given(config.Address($"{prefix}SubnetMin", family)), Given(config.Address($"{prefix}SubnetMax", family)));
        }

        /// <summary>The address of zeros counts as left out.</summary>
        private static IpAddress? Given(IpAddress? address) => address is { High: 0, Low: 0 } ? null : address;

        public FlannelRange Check()
        {
            if (Network is not { } network || network.Length == 0) throw new FlannelFormatException($"{Prefix}Network is missing: a prefix that hosts' subnets are cut from");
            int length = CheckLength(network);
            UInt128 size = UInt128.One << (Bits - length);
            IpAddress first = Inside(network, First, "SubnetMin", length) ?? network.AddressAt(size);
            IpAddress last = Inside(network, Last, "SubnetMax", length) ?? network.PartAt(network.CountOf(length) - 1, length).Address;
            return new FlannelRange(network, length, first, last);
        }

        private int CheckLength(Cidr network)
        {
            if (Length > Bits - 2) throw new FlannelFormatException($"{Prefix}SubnetLen {Length} leaves a host no addresses: at most {Bits - 2}");
            if (Length > 0 && Length < network.Length + 2)
                throw new FlannelFormatException($"{Prefix}SubnetLen {Length} leaves room for fewer than four hosts in {network}: at least {network.Length + 2}");
            if (Length > 0) return Length;
            if (network.Length > Bits - 4) throw new FlannelFormatException($"{Prefix}Network {network} is too small to be cut into subnets: at most /{Bits - 4}");
            int whole = Family == IpFamily.V4 ? ShortestNetworkWithWholeSubnets : ShortestNetworkWithWholeSubnetsV6;
            return network.Length <= whole ? whole + 2 : network.Length + 2;
        }

        private IpAddress? Inside(Cidr network, IpAddress? bound, string name, int length)
        {
            if (bound is not { } address) return null;
            if (!network.Contains(address)) throw new FlannelFormatException($"{Prefix}{name} {address} is not inside {Prefix}Network {network}");
            if (new Cidr(address, length).Address != address) throw new FlannelFormatException($"{Prefix}{name} {address} is not the first address of a subnet of /{length}");
            return address;
        }
    }
}
