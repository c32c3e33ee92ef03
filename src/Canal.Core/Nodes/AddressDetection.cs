using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Nodes;

/// <summary>
/// How a host finds the address under which others reach it, written as Calico's IP_AUTODETECTION_METHOD: <c>first-found</c>, <c>interface=eth.*,en.*</c>,
/// <c>skip-interface=enp6s0f0,eth.*</c>, <c>can-reach=192.0.2.1</c>, <c>cidr=10.0.0.0/8</c>; <c>none</c>: it has none. Pure.
/// </summary>
public sealed class AddressDetection
{
    /// <summary>Interfaces of containers, tunnels and virtual machines, of which none is how others reach the host.</summary>
    private static readonly string[] NeverHosts =
    [
        "docker", "cbr", "dummy", "virbr", "lxcbr", "veth", "cali", "tunl", "flannel", "kube-ipvs", "cni", "vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "wg-v6.cali", "nodelocaldns", "podman", "lxdbr", "incusbr",
    ];

    private readonly Kind kind;
    private readonly Regex[] names;
    private readonly Cidr[] networks;

    private AddressDetection(Kind kind, Regex[] names, Cidr[] networks, IpAddress? destination) => (this.kind, this.names, this.networks, Destination) = (kind, names, networks, destination);

    private enum Kind
    {
        None,
        FirstFound,
        Interface,
        SkipInterface,
        CanReach,
        Network,
    }

    /// <summary>Of <c>can-reach</c>: what is to be reached; the caller finds the source address, which is asked for with <see cref="Choose"/>.</summary>
    public IpAddress? Destination { get; }

    public bool IsNone => kind == Kind.None;

    /// <summary>Reads a method; false with the end of a sentence.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AddressDetection? method, out string problem)
    {
        (method, problem) = (null, "must be none, first-found, interface=REGEX,…, skip-interface=REGEX,…, can-reach=ADDRESS or cidr=CIDR,…");
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        (string word, string rest) = equals < 0 ? (text, "") : (text[..equals], text[(equals + 1)..]);
        if ((equals < 0) != word is "none" or "first-found") return false;
        string[] items = rest.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (equals >= 0 && items.Length == 0) return false;
        switch (word)
        {
            case "none": method = new(Kind.None, [], [], null); return true;
            case "first-found": method = new(Kind.FirstFound, [], [], null); return true;
            case "interface": return TryNames(Kind.Interface, items, out method, out problem);
            case "skip-interface": return TryNames(Kind.SkipInterface, items, out method, out problem);
            case "cidr" when items.All(item => Cidr.TryParse(item, out _)): method = new(Kind.Network, [], [.. items.Select(item => Cidr.Parse(item))], null); return true;
            case "can-reach" when IpAddress.TryParse(rest, out IpAddress destination): method = new(Kind.CanReach, [], [], destination); return true;
            default: return false;
        }
    }

    /// <summary>The address, with the prefix length that the interface has it with; null when there is none.</summary>
    /// <param name="interfaces">In the order of their indices.</param>
    /// <param name="family">Of the address.</param>
    /// <param name="source">Of <c>can-reach</c>: the address from which the host would reach the destination; null: it cannot.</param>
    public InterfaceAddress? Choose(IEnumerable<DetectedInterface> interfaces, IpFamily family, IpAddress? source = null)
    {
        foreach (DetectedInterface candidate in interfaces)
        {
            if (!IsCandidate(candidate)) continue;
            foreach (InterfaceAddress address in candidate.Addresses)
                if (address.Address.Family == family && IsGlobal(address.Address) && Fits(address.Address, source)) return address;
        }
        return null;
    }

    private static bool TryNames(Kind kind, string[] patterns, out AddressDetection? method, out string problem)
    {
        (method, problem) = (null, "");
        try
        {
            // Without options: the constructor that takes them brings two more engines into every binary.
            method = new AddressDetection(kind, [.. patterns.Select(pattern => new Regex($"^(?:{pattern})$"))], [], null);
        }
        catch (ArgumentException e)
        {
            problem = $"has no regular expression after the =: {e.Message}";
        }
        return method is not null;
    }

    private bool IsCandidate(DetectedInterface candidate) => candidate is { IsUp: true, IsLoopback: false } && kind switch
    {
        Kind.None => false,
        Kind.Interface => names.Any(name => name.IsMatch(candidate.Name)),
        Kind.CanReach => true,
        _ => !NeverHosts.Any(beginning => candidate.Name.StartsWith(beginning, StringComparison.Ordinal)) && !names.Any(name => name.IsMatch(candidate.Name)),
    };

    private bool Fits(IpAddress address, IpAddress? source) => kind switch
    {
        Kind.CanReach => address == source,
        Kind.Network => networks.Any(network => network.Contains(address)),
        _ => true,
    };

    private static readonly Cidr[] NotGlobal = [Cidr.Parse("127.0.0.0/8"), Cidr.Parse("169.254.0.0/16"), Cidr.Parse("224.0.0.0/4"), Cidr.Parse("0.0.0.0/8"), Cidr.Parse("::/127"), Cidr.Parse("fe80::/10"), Cidr.Parse("ff00::/8")];

    private static bool IsGlobal(IpAddress address) => !NotGlobal.Any(net => net.Contains(address));
}
