namespace Canal.Core.Bgp;

/// <summary>A place in BIRD's file for the administrator's own, in the order in which they stand there: an earlier one may define what a later one uses.</summary>
public enum BirdHook
{
    Definitions,
    ImportV4,
    ExportV4,
    KernelV4,
    ImportV6,
    ExportV6,
    KernelV6,
    Sessions,
    Top,
}
