namespace Canal.Core.Ipam;

/// <summary>What came of a request.</summary>
public sealed record Assignment
{
    public EquatableArray<AssignedAddress> Ipv4 { get; init; }

    public EquatableArray<AssignedAddress> Ipv6 { get; init; }

    /// <summary>Null: as many as were asked for, or more may be had by planning again.</summary>
    public Shortage? Ipv4Shortage { get; init; }

    public Shortage? Ipv6Shortage { get; init; }

    /// <summary>This and what came after it.</summary>
    public Assignment With(Assignment later) => new()
    {
        Ipv4 = [.. Ipv4.AsSpan(), .. later.Ipv4.AsSpan()],
        Ipv6 = [.. Ipv6.AsSpan(), .. later.Ipv6.AsSpan()],
        Ipv4Shortage = later.Ipv4Shortage ?? Ipv4Shortage,
        Ipv6Shortage = later.Ipv6Shortage ?? Ipv6Shortage,
    };
}
