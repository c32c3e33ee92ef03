using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Linux.Tunnels;

/// <summary>What tunnels hang on: the host's links and the addresses on them.</summary>
/// <param name="Links">All links.</param>
/// <param name="Addresses">All their addresses.</param>
public sealed record Underlay(IReadOnlyList<Link> Links, IReadOnlyList<InterfaceAddress> Addresses)
{
    /// <summary>Assumed where no link matches: what is left of the smallest common MTU of clouds.</summary>
    public const uint FallbackMtu = 1460;

    private InterfacePattern? matching;

    /// <summary>The link of that name, or null.</summary>
    public Link? Find(string name) => Links.FirstOrDefault(l => l.Name == name);

    /// <summary>The link that carries one of the host's addresses, or null.</summary>
    public Link? Carrying(IpAddress address)
    {
        foreach (InterfaceAddress held in Addresses)
            if (held.Address == address) return Links.FirstOrDefault(l => l.Index == held.Interface);
        return null;
    }

    /// <summary>The smallest MTU of the links that are up and match.</summary>
    public uint Mtu(string pattern) => Links.Where(l => l.IsAdminUp && MtuFollows(l.Name, pattern)).Select(l => l.Mtu).DefaultIfEmpty(FallbackMtu).Min();

    /// <summary>A link of that name counts for the MTU.</summary>
    public bool MtuFollows(string link, string pattern)
    {
        if (matching?.Text != pattern) matching = new InterfacePattern(pattern);
        return matching.Matches(link);
    }
}
