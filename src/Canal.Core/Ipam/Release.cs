using Canal.Core.Addressing;

namespace Canal.Core.Ipam;

/// <summary>What came of releasing addresses.</summary>
public sealed record Release
{
    public EquatableArray<IpAddress> Released { get; init; }

    /// <summary>Nobody had them.</summary>
    public EquatableArray<IpAddress> Unallocated { get; init; }

    /// <summary>They belong to another handle, or were assigned anew: left alone.</summary>
    public EquatableArray<IpAddress> Refused { get; init; }

    /// <summary>There was more than fits into one transaction: plan again.</summary>
    public bool More { get; init; }

    /// <summary>This and what came after it.</summary>
    public Release With(Release later) => new()
    {
        Released = [.. Released.AsSpan(), .. later.Released.AsSpan()],
        Unallocated = [.. Unallocated.AsSpan(), .. later.Unallocated.AsSpan()],
        Refused = [.. Refused.AsSpan(), .. later.Refused.AsSpan()],
    };
}
