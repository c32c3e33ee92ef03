using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>How packets get from host to host: a network's Backend object, read. Closed.</summary>
/// <param name="Name">flannel's word for it.</param>
public abstract record FlannelBackend(string Name)
{
    /// <summary>What a lease has as BackendType: for some of the oldest backends nothing.</summary>
    public virtual string LeaseType => Name;

    /// <summary>Names of its devices on a host of this network.</summary>
    public virtual IEnumerable<string> Devices(FlannelNetwork network) => [];

    /// <summary>Leases of hosts with another backend are taken all the same.</summary>
    public virtual bool TakesAnyLease => false;

    /// <summary>It can carry this family.</summary>
    public virtual bool Carries(IpFamily family) => true;

    /// <summary>What of the network's configuration it cannot do without; null: nothing.</summary>
    internal virtual string? Lacks(FlannelNetwork network) => null;

    /// <summary>Largest packet of this family that goes through when the hosts' link carries <paramref name="link"/> bytes.</summary>
    public virtual uint Mtu(uint link, IpFamily family) => link;

    /// <summary>Reads a network's Backend.</summary>
    /// <exception cref="FlannelFormatException">There is no such backend, or its options are not what they should be.</exception>
    public static FlannelBackend Read(FlannelNetwork network)
    {
        FlannelJson options = FlannelJson.Parse(network.BackendOptions.Length > 0 ? System.Text.Encoding.UTF8.GetBytes(network.BackendOptions) : "{}"u8.ToArray(), "Backend");
        FlannelBackend backend = network.Backend.ToLowerInvariant() switch
        {
            "vxlan" => VxlanBackend.Read(options),
            "host-gw" => new HostGatewayBackend(),
            "udp" => UdpBackend.Read(options),
            "alloc" => new AllocBackend(),
            "ipip" => new IpipBackend(options.Flag("DirectRouting", false)),
            "wireguard" => WireguardBackend.Read(options),
            "extension" => ExtensionBackend.Read(options),
            "ipsec" => IpsecBackend.Read(options),
            "" => throw new FlannelFormatException("Backend has no Type"),
            string other => throw new FlannelFormatException($"Backend.Type {Problem.Quote(other)} is none of vxlan, host-gw, udp, alloc, ipip, wireguard, extension, ipsec"),
        };
        foreach (FlannelRange range in network.Ranges)
            if (!backend.Carries(range.Family)) throw new FlannelFormatException($"the backend {backend.Name} carries no {(range.Family == IpFamily.V4 ? "IPv4" : "IPv6")}");
        return backend.Lacks(network) is { } lacks ? throw new FlannelFormatException(lacks) : backend;
    }

    /// <summary>What subnet.env tells: what goes through whichever family it is of.</summary>
    public uint Mtu(uint link, FlannelNetwork network) => network.Ranges.Select(r => Mtu(link, r.Family)).DefaultIfEmpty(link).Min();

    /// <summary>MTU in an option is that of the packets outside; 0 is the link's.</summary>
    private protected static uint Less(uint link, uint option, uint overhead) => (option == 0 ? link : option) is uint outer && outer > overhead ? outer - overhead : 0;
}
