namespace Canal.Core.Resources;

/// <summary>A request to report a node's state, and the report.</summary>
public sealed record CalicoNodeStatus : Resource
{
    public required string Node { get; init; }

    /// <summary>Agent, BGP, Routes.</summary>
    public EquatableArray<string> Classes { get; init; }

    /// <summary>Null when absent; 0 stops reporting.</summary>
    public uint? UpdatePeriodSeconds { get; init; }

    /// <summary>The report's JSON text; null for none.</summary>
    public string? StatusJson { get; init; }
}
