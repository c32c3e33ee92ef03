using Canal.Core.Calculation;
using Canal.Core.Policy;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Names of what may differ between the desired table and the kernel's; whether it does is found by comparing.</summary>
internal sealed class TableChanges
{
    public HashSet<string> Chains { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Nets { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Ports { get; } = new(StringComparer.Ordinal);

    public HashSet<SetPart> Parts { get; } = [];

    /// <summary>Verdict maps that came or went.</summary>
    public HashSet<string> Maps { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Interfaces { get; } = new(StringComparer.Ordinal);

    /// <summary>Members that came and went, in the order in which they did.</summary>
    public List<IpSetChange> Members { get; } = [];

    public bool IsEmpty => Chains.Count + Nets.Count + Ports.Count + Parts.Count + Maps.Count + Interfaces.Count + Members.Count == 0;

    public void Clear()
    {
        Chains.Clear();
        Nets.Clear();
        Ports.Clear();
        Parts.Clear();
        Maps.Clear();
        Interfaces.Clear();
        Members.Clear();
    }
}
