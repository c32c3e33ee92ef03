using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;

namespace Canal.Felix.Configuration;

/// <summary>A port that host endpoints keep open.</summary>
/// <param name="Protocol">TCP, UDP or SCTP.</param>
/// <param name="Net">Of the other end; null for any of both families.</param>
/// <param name="Port">The destination port.</param>
internal sealed record FailsafePort(byte Protocol, Cidr? Net, ushort Port)
{
    /// <summary>Stands alone in a list for the empty list.</summary>
    public const string None = "none";

    public const string Shape = "must be PROTOCOL:PORT, PROTOCOL:CIDR:PORT or PORT, with tcp, udp or sctp and a port from 1 to 65535";

    /// <summary>Reads <c>tcp:22</c>, <c>tcp:10.0.0.0/8:22</c>, <c>udp:[fd00::/8]:53</c> or <c>22</c>, which is TCP.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out FailsafePort? port)
    {
        port = null;
        int first = text.IndexOf(':', StringComparison.Ordinal), last = text.LastIndexOf(':');
        byte? protocol = first < 0 ? IpProtocol.Tcp : ProtocolOf(text[..first]);
        if (protocol is null || !ushort.TryParse(text.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) || number == 0) return false;
        Cidr? net = null;
        if (last > first)
        {
            if (!Cidr.TryParse(text.AsSpan(first + 1, last - first - 1).TrimStart('[').TrimEnd(']'), out Cidr parsed)) return false;
            net = parsed;
        }
        port = new FailsafePort(protocol.Value, net, number);
        return true;
    }

    /// <summary>The ports of a checked list; <c>none</c> alone is the empty list.</summary>
    public static EquatableArray<FailsafePort> ListOf(IEnumerable<string> texts) =>
        texts.Select(t => TryParse(t, out FailsafePort? port) ? port : null).OfType<FailsafePort>().ToEquatableArray();

    private static byte? ProtocolOf(string text) => text.ToLowerInvariant() switch
    {
        "tcp" => IpProtocol.Tcp,
        "udp" => IpProtocol.Udp,
        "sctp" => IpProtocol.Sctp,
        _ => null,
    };
}
