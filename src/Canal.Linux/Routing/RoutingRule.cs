using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>A policy routing rule. The kernel tells rules apart by their whole content.</summary>
public sealed record RoutingRule : KernelObject
{
    public required IpFamily Family { get; init; }

    /// <summary>Lower is asked first.</summary>
    public required uint Priority { get; init; }

    /// <summary>FR_ACT_TO_TBL's table.</summary>
    public uint Table { get; init; } = RouteTable.Main;

    /// <summary>FR_ACT_*; 1 looks up <see cref="Table"/>, 6 blackhole, 7 unreachable, 8 prohibit. Other actions are listed, not made.</summary>
    public byte Action { get; init; } = RtnetlinkConstants.FR_ACT_TO_TBL;

    /// <summary>Firewall mark to match, under <see cref="Mask"/>.</summary>
    public uint Mark { get; init; }

    /// <summary>Bits of the mark that count; 0: the mark is not looked at.</summary>
    public uint Mask { get; init; }

    /// <summary>Matches what the rest does not.</summary>
    public bool Invert { get; init; }

    public Cidr? From { get; init; }

    public Cidr? To { get; init; }

    /// <summary>Name of the link in, or null.</summary>
    public string? InputInterface { get; init; }

    /// <summary>Name of the link out, or null.</summary>
    public string? OutputInterface { get; init; }

    /// <summary>Results with a prefix of this length or less are not taken; null: all are.</summary>
    public int? SuppressPrefixLength { get; init; }

    /// <summary>Who wrote it, as for routes.</summary>
    public byte Protocol { get; init; }

    public override string Print(LinkNames names)
    {
        string text = $"rule {Priority}:{(Invert ? " not" : "")} from {From?.ToString() ?? "all"}";
        if (To is { } to) text += $" to {to}";
        if (Mask != 0) text += $" fwmark 0x{Mark:x}/0x{Mask:x}";
        if (InputInterface is not null) text += $" iif {InputInterface}";
        if (OutputInterface is not null) text += $" oif {OutputInterface}";
        text += Action == RtnetlinkConstants.FR_ACT_TO_TBL ? $" lookup {Table}" : $" action {Action}";
        if (SuppressPrefixLength is { } length) text += $" suppress_prefixlength {length}";
        return text + $" proto {RouteProtocol.Word(Protocol)}{(Family == IpFamily.V6 ? " inet6" : "")}";
    }
}
