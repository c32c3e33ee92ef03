using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Which addresses can be a speaker's of BGP. BIRD refuses a whole file for an address of a link without its interface, and for a neighbour <c>::</c>.</summary>
public static class BgpAddress
{
    /// <summary>What keeps a packet to it from reaching another host, or any; null for nothing.</summary>
    public static string? Wrong(IpAddress address) => IsLoopback(address) ? "is a loopback address" : WrongAsPeer(address);

    /// <summary>The same of a peer, which may be another program on this host.</summary>
    public static string? WrongAsPeer(IpAddress address) => address.Family == IpFamily.V4 ? WrongV4(address.V4) : WrongV6(address);

    private static bool IsLoopback(IpAddress address) => address.Family == IpFamily.V4 ? address.V4 >> 24 == 127 : address is { High: 0, Low: 1 };

    private static string? WrongV4(uint value) => (value >> 24) switch
    {
        0 => "is no host's address",
        >= 224 and <= 239 => "is a group's address",
        _ => value == uint.MaxValue ? "is a group's address" : null,
    };

    private static string? WrongV6(IpAddress address)
    {
        // Not groups: BIRD has them, and there are clusters with peers in ffee::/16 that never come up and hurt nobody.
        if (address is { High: 0, Low: 0 }) return "is no host's address";
        return address.High >> 54 == 0xfe80 >> 6 ? "is an address of a link, which says nothing without the interface" : null;
    }
}
