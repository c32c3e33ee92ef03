namespace Canal.Core.Resources;

/// <summary>One change to a route.</summary>
public sealed record BgpFilterOperation
{
    public required BgpFilterOperationKind Kind { get; init; }

    /// <summary>Of AddCommunity.</summary>
    public string Community { get; init; } = "";

    /// <summary>Of PrependAsPath.</summary>
    public EquatableArray<uint> AsPath { get; init; }

    /// <summary>Of SetPriority.</summary>
    public int Priority { get; init; }
}
