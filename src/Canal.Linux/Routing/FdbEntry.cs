using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>An entry of a bridge's or VXLAN link's forwarding database.</summary>
public sealed record FdbEntry : KernelObject
{
    public required int Interface { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>VXLAN: the remote tunnel endpoint; else null.</summary>
    public IpAddress? Destination { get; init; }

    /// <summary>Of the link itself (NTF_SELF); false: of the bridge it is a port of (NTF_MASTER).</summary>
    public bool Self { get; init; } = true;

    public NeighbourState State { get; init; } = NeighbourState.Permanent;

    /// <summary>Bridge: VLAN, or 0.</summary>
    public ushort Vlan { get; init; }

    public override string Print(LinkNames names) =>
        $"fdb {Mac} dev {names[Interface]}{(Destination is { } to ? $" dst {to}" : "")}{(Vlan == 0 ? "" : $" vlan {Vlan}")}{(Self ? " self" : " master")}{StateWord}";

    private string StateWord => State switch
    {
        NeighbourState.Permanent => " permanent",
        NeighbourState.NoArp => " static",
        _ => "",
    };
}
