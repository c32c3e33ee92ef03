using Canal.Core.Addressing;

namespace Canal.Linux.Xfrm;

/// <summary>What the kernel does with packets from one prefix to another: encrypts them, lets them be, or drops them. The kernel knows a policy by direction and prefixes.</summary>
public sealed record XfrmPolicy
{
    public required XfrmDirection Direction { get; init; }

    public required Cidr Source { get; init; }

    public required Cidr Destination { get; init; }

    /// <summary>Of those that a packet fits, the lowest is asked.</summary>
    public uint Priority { get; init; }

    /// <summary>Packets are dropped.</summary>
    public bool IsBlock { get; init; }

    /// <summary>Null: packets go as they are, if at all.</summary>
    public XfrmTunnel? Tunnel { get; init; }

    /// <summary>As ip(8) says it.</summary>
    public override string ToString()
    {
        string way = Direction switch { XfrmDirection.In => "in", XfrmDirection.Out => "out", _ => "fwd" };
        string tunnel = Tunnel is null ? "" : $" tmpl src {Tunnel.Source} dst {Tunnel.Destination} proto esp reqid {Tunnel.RequestId} mode tunnel";
        return $"policy src {Source} dst {Destination} dir {way}{(IsBlock ? " action block" : "")} priority {Priority}{tunnel}";
    }
}
