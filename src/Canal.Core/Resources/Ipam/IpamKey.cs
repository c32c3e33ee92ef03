using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>An etcd key under <c>/calico/ipam/v2/</c>.</summary>
public readonly record struct IpamKey
{
    /// <summary>Where all of IPAM is.</summary>
    public const string Root = "/calico/ipam/v2/";

    /// <summary>Where blocks are; both families.</summary>
    public const string Blocks = "/calico/ipam/v2/assignment/";

    private IpamKey(IpamKeyKind kind) => Kind = kind;

    public IpamKeyKind Kind { get; }

    /// <summary>Of a block or an affinity.</summary>
    public Cidr Cidr { get; private init; }

    /// <summary>Of an affinity.</summary>
    public BlockOwner Owner { get; private init; }

    /// <summary>Of a handle.</summary>
    public string? HandleId { get; private init; }

    public static IpamKey Config { get; } = new(IpamKeyKind.Config);

    public static IpamKey Block(Cidr cidr) => new(IpamKeyKind.Block) { Cidr = cidr };

    public static IpamKey Affinity(BlockOwner owner, Cidr cidr) => new(IpamKeyKind.Affinity) { Owner = owner, Cidr = cidr };

    public static IpamKey Handle(string id) => new(IpamKeyKind.Handle) { HandleId = id };

    /// <summary>Prefix of the affinities of an owner, in both families.</summary>
    public static string Affinities(BlockOwner owner) => $"{Root}{Segment(owner.Kind)}/{owner.Name}/";

    /// <summary>Prefix of the affinities of an owner in one family.</summary>
    public static string Affinities(BlockOwner owner, IpFamily family) => $"{Affinities(owner)}{Segment(family)}/block/";

    /// <summary>The etcd key. The slash of a CIDR is a dash there.</summary>
    public string ToEtcdKey() => Kind switch
    {
        IpamKeyKind.Block => $"{Blocks}{Segment(Cidr.Family)}/block/{Cidr.Address}-{Cidr.Length}",
        IpamKeyKind.Affinity => $"{Affinities(Owner, Cidr.Family)}{Cidr.Address}-{Cidr.Length}",
        IpamKeyKind.Handle => $"{Root}handle/{HandleId}",
        _ => $"{Root}config",
    };

    /// <summary>Reads an etcd key; false for anything that is not one of these.</summary>
    public static bool TryParse(ReadOnlySpan<byte> etcdKey, out IpamKey key)
    {
        key = default;
        if (!etcdKey.StartsWith("/calico/ipam/v2/"u8)) return false;
        string rest = Encoding.UTF8.GetString(etcdKey["/calico/ipam/v2/"u8.Length..]);
        string[] parts = rest.Split('/');
        switch (parts)
        {
            case ["config"]:
                key = Config;
                return true;
            case ["handle", { Length: > 0 } id]:
                key = Handle(id);
                return true;
            case ["assignment", var family, "block", var cidr] when TryParseCidr(family, cidr, out Cidr block):
                key = Block(block);
                return true;
            case ["host" or "virtual", { Length: > 0 } name, var family, "block", var cidr] when TryParseCidr(family, cidr, out Cidr block):
                key = Affinity(new BlockOwner(parts[0] == "host" ? BlockOwnerKind.Host : BlockOwnerKind.Virtual, name), block);
                return true;
            default:
                return false;
        }
    }

    private static bool TryParseCidr(string family, string text, out Cidr cidr)
    {
        cidr = default;
        int dash = text.LastIndexOf('-');
        return dash > 0 && Cidr.TryParse($"{text[..dash]}/{text[(dash + 1)..]}", out cidr) && family == Segment(cidr.Family);
    }

    private static string Segment(IpFamily family) => family == IpFamily.V4 ? "ipv4" : "ipv6";

    private static string Segment(BlockOwnerKind kind) => kind == BlockOwnerKind.Host ? "host" : "virtual";
}
