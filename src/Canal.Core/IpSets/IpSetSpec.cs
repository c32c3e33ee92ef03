using Canal.Core.Labels;

namespace Canal.Core.IpSets;

/// <summary>What a set is made from; two equal specs are one set.</summary>
/// <param name="Kind">Addresses, or the ports of one name.</param>
/// <param name="Selector">Which endpoints and network sets contribute.</param>
/// <param name="PortName">For a named port, else empty.</param>
/// <param name="Protocol">For a named port: the only protocol whose ports count, or null for any that has ports.</param>
public sealed record IpSetSpec(IpSetKind Kind, Selector Selector, string PortName = "", byte? Protocol = null)
{
    /// <summary>Calico's identity of the set: <c>s:…</c> for a selector, <c>n:…</c> for a named port (44 characters at most).</summary>
    public string Id { get; } = Kind == IpSetKind.Addresses
        ? Selector.Id
        : ContentId.Of("n", $"{Selector.Id},{ProtocolName(Protocol)},{PortName}");

    /// <summary>The set of a selector's addresses.</summary>
    public static IpSetSpec Addresses(Selector selector) => new(IpSetKind.Addresses, selector);

    /// <summary>The set of a named port.</summary>
    public static IpSetSpec NamedPort(Selector selector, string name, byte? protocol) => new(IpSetKind.NamedPort, selector, name, protocol);

    /// <summary>What an operator reads beside the set: the selector, and the port's name.</summary>
    public string Description => Kind == IpSetKind.Addresses ? Selector.ToString() : $"port {PortName}/{ProtocolName(Protocol)} of {Selector}";

    public bool Equals(IpSetSpec? other) => other is not null && other.Id == Id;

    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);

    private static string ProtocolName(byte? protocol) => protocol switch { null => "any", 6 => "tcp", 17 => "udp", 132 => "sctp", _ => protocol.Value.ToString() };
}
