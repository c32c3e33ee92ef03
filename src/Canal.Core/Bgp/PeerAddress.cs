using System.Globalization;
using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>A BGPPeer's <c>peerIP</c>.</summary>
public readonly record struct PeerAddress(IpAddress Address, ushort? Port)
{
    /// <summary>Reads <c>a.b.c.d</c>, <c>a.b.c.d:port</c>, <c>x::y</c>, <c>[x::y]</c> or <c>[x::y]:port</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PeerAddress peer)
    {
        peer = default;
        if (IpAddress.TryParse(text, out IpAddress bare))
        {
            peer = new PeerAddress(bare, null);
            return true;
        }
        int end = text.StartsWith("[") ? text.IndexOf(']') : text.LastIndexOf(':');
        if (end < 0) return false;
        bool bracketed = text[0] == '[';
        ReadOnlySpan<char> address = bracketed ? text[1..end] : text[..end], rest = bracketed ? text[(end + 1)..] : text[end..];
        if (!IpAddress.TryParse(address, out IpAddress parsed) || (parsed.Family == IpFamily.V6) != bracketed) return false;
        if (rest.IsEmpty)
        {
            peer = new PeerAddress(parsed, null);
            return true;
        }
        if (rest[0] != ':' || !ushort.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0) return false;
        peer = new PeerAddress(parsed, port);
        return true;
    }
}
