namespace Canal.Core.Bgp;

/// <summary>The administrator's own pieces of BIRD configuration, at the places that have a name. Trusted as configuration is; BIRD's check judges them.</summary>
public sealed record BirdSnippets
{
    public static BirdSnippets None { get; } = new();

    /// <summary>At the end of the file: protocols, tables, functions.</summary>
    public string Top { get; init; } = "";

    /// <summary>Before our own filters: functions and constants that the other places use.</summary>
    public string Definitions { get; init; } = "";

    /// <summary>In the templates of all sessions.</summary>
    public string Sessions { get; init; } = "";

    public string ImportV4 { get; init; } = "";
    public string ImportV6 { get; init; } = "";
    public string ExportV4 { get; init; } = "";
    public string ExportV6 { get; init; } = "";
    public string KernelV4 { get; init; } = "";
    public string KernelV6 { get; init; } = "";

    /// <summary>Before anything else that is asked of a learned, a told, a kernel's route.</summary>
    internal (string Import, string Export, string Kernel) Of(Addressing.IpFamily family) =>
        family == Addressing.IpFamily.V4 ? (ImportV4, ExportV4, KernelV4) : (ImportV6, ExportV6, KernelV6);
}
