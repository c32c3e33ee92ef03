using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>A network interface (rtnetlink's link). Asked to be added, only the fields with a setter meaning in ip-link(8) count.</summary>
public sealed record Link : KernelObject
{
    /// <summary>Index in its namespace, from 1; 0 in a request: the kernel chooses, or <see cref="Name"/> tells which.</summary>
    public int Index { get; init; }

    /// <summary>At most 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>IFLA_INFO_KIND (<c>veth</c>, <c>vxlan</c>, <c>bridge</c>, <c>dummy</c>, <c>wireguard</c>, <c>ipip</c> …); null for hardware and loopback.</summary>
    public string? Kind { get; init; }

    public LinkFlags Flags { get; init; }

    /// <summary>Bytes; 0 in a request: the kind's default.</summary>
    public uint Mtu { get; init; }

    /// <summary>Ethernet address; null where the link has none or one of another length.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>Index of the bridge or VRF it belongs to, or 0.</summary>
    public int Master { get; init; }

    /// <summary>IFLA_LINK: index of the lower or peer link, in <see cref="ParentNamespace"/> when that is set; or 0.</summary>
    public int Parent { get; init; }

    /// <summary>The kernel's id of the other namespace that <see cref="Parent"/> is in; null when it is this one.</summary>
    public int? ParentNamespace { get; init; }

    /// <summary>What only this kind of link has, or null.</summary>
    public LinkDetail? Detail { get; init; }

    /// <summary>Set up by the administrator (IFF_UP).</summary>
    public bool IsAdminUp => (Flags & LinkFlags.Up) != 0;

    /// <summary>Carries traffic (IFF_RUNNING): what Calico calls up.</summary>
    public bool IsRunning => (Flags & LinkFlags.Running) != 0;

    public override string Print(LinkNames names)
    {
        string text = $"link {Name}";
        if (Kind is not null) text += $" type {Kind}";
        if (Mtu != 0) text += $" mtu {Mtu}";
        if (Mac is { } mac) text += $" address {mac}";
        if (Master != 0) text += $" master {names[Master]}";
        return text + (IsAdminUp ? " up" : "");
    }
}
