namespace Canal.Core.Flannel;

/// <summary>A flannel network's configuration (<c>PREFIX/config</c>), checked and with everything filled in that it leaves open.</summary>
/// <param name="V4">The IPv4 side, or null when it is disabled.</param>
/// <param name="V6">The IPv6 side, or null when it is disabled.</param>
/// <param name="Backend">Backend.Type as written; flannel compares it in lower case.</param>
/// <param name="BackendOptions">The Backend object as JSON text; empty when there is none.</param>
/// <param name="UsesNftables">EnableNFTables: what real flanneld makes its rules with.</param>
public sealed record FlannelNetwork(FlannelRange? V4, FlannelRange? V6, string Backend, string BackendOptions, bool UsesNftables)
{
    /// <summary>Without the backend's options, among which may be a shared key.</summary>
    public override string ToString() => $"{string.Join(" and ", Ranges.Select(r => r.Network))}, {Backend}";

    /// <summary>flannel's own default; its documents say vxlan, the program has udp.</summary>
    public const string DefaultBackend = "udp";

    /// <summary>The sides that are enabled, IPv4 first.</summary>
    public IEnumerable<FlannelRange> Ranges
    {
        get
        {
            if (V4 is not null) yield return V4;
            if (V6 is not null) yield return V6;
        }
    }

    /// <summary>
    /// A lease of these subnets can be kept under this configuration: each enabled side inside its range and of its length, and no IPv6 side when that is disabled.
    /// </summary>
    public bool Admits(FlannelSubnet subnet) =>
        (V4 is null ? subnet.V4Length == 0 : V4.Admits(subnet.V4, subnet.V4Length))
        && (V6 is null ? subnet.V6 is null : subnet.V6 is { } v6 && V6.Admits(v6, subnet.V6Length));
}
