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

    /// <summary>These files, each at its place, in the order in which they are given.</summary>
    public static BirdSnippets Of(IEnumerable<BirdSnippet> files)
    {
        BirdSnippets snippets = None;
        foreach (BirdSnippet file in files) snippets = snippets.With(file.Hook, file.Marked);
        return snippets;
    }

    /// <summary>Before anything else that is asked of a learned, a told, a kernel's route.</summary>
    internal (string Import, string Export, string Kernel) Of(Addressing.IpFamily family) =>
        family == Addressing.IpFamily.V4 ? (ImportV4, ExportV4, KernelV4) : (ImportV6, ExportV6, KernelV6);

    private BirdSnippets With(BirdHook hook, string text) => hook switch
    {
        BirdHook.Definitions => this with { Definitions = Definitions + text },
        BirdHook.ImportV4 => this with { ImportV4 = ImportV4 + text },
        BirdHook.ExportV4 => this with { ExportV4 = ExportV4 + text },
        BirdHook.KernelV4 => this with { KernelV4 = KernelV4 + text },
        BirdHook.ImportV6 => this with { ImportV6 = ImportV6 + text },
        BirdHook.ExportV6 => this with { ExportV6 = ExportV6 + text },
        BirdHook.KernelV6 => this with { KernelV6 = KernelV6 + text },
        BirdHook.Sessions => this with { Sessions = Sessions + text },
        _ => this with { Top = Top + text },
    };
}
