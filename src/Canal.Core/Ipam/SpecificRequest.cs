using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Who wants this very address.</summary>
public sealed record SpecificRequest
{
    public required BlockOwner Owner { get; init; }

    public required IpAddress Address { get; init; }

    public string? HandleId { get; init; }

    public LabelMap Attributes { get; init; }

    /// <summary>The time, for a block that comes to be.</summary>
    public required IpamTime Now { get; init; }
}
