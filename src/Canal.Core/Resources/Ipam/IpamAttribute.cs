namespace Canal.Core.Resources;

/// <summary>Why addresses are assigned; one record serves all addresses with the same handle and attributes.</summary>
public sealed record IpamAttribute
{
    public string? HandleId { get; init; }

    /// <summary>node, pod, namespace, type, timestamp and others.</summary>
    public LabelMap Secondary { get; init; }

    public LabelMap AlternateOwner { get; init; }
}
