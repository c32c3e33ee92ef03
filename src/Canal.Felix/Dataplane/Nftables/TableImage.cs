using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// What the kernel's table is known to hold: read once at start and after any doubt, then kept in step with what is committed. Members of sets are held
/// only between a reading and the first commit after it.
/// </summary>
internal sealed class TableImage
{
    /// <summary>The table is there.</summary>
    public bool Exists { get; set; }

    /// <summary>Persist alone: it outlived its owner, and can have another.</summary>
    public NftTableFlags Flags { get; set; }

    /// <summary>The namespace's generation when it was read.</summary>
    public uint Generation { get; init; }

    /// <summary>Nothing was committed since it was read.</summary>
    public bool IsFresh { get; set; } = true;

    /// <summary>Something under one of our names is not what it should be and cannot be mended in place.</summary>
    public bool MustRebuild { get; init; }

    /// <summary>Sets that nobody wants.</summary>
    public List<string> Strays { get; } = [];

    public Dictionary<string, HeldChain> Chains { get; } = new(StringComparer.Ordinal);

    /// <summary>Named sets and maps.</summary>
    public Dictionary<string, NftSet> Sets { get; } = new(StringComparer.Ordinal);

    /// <summary>Sets of ports that do not hold what their names say.</summary>
    public HashSet<string> WrongPorts { get; } = new(StringComparer.Ordinal);

    /// <summary>Content of the sets of rules' own prefixes.</summary>
    public Dictionary<string, EquatableArray<Cidr>> Nets { get; } = new(StringComparer.Ordinal);

    /// <summary>Content of the verdict maps: map to interface to verdict.</summary>
    public Dictionary<string, Dictionary<string, NftVerdict>> Maps { get; } = new(StringComparer.Ordinal);

    /// <summary>Content of sets just read, by set name.</summary>
    public Dictionary<string, ReadMembers> Members { get; } = new(StringComparer.Ordinal);
}

/// <summary>A chain in the kernel.</summary>
/// <param name="Base">Where it hangs, or null.</param>
/// <param name="Rules">Identities of its rules, in order; 0 for a rule that is not ours.</param>
/// <param name="Handles">Their handles, in order; empty when they are not known, because the kernel gave them to rules that we wrote.</param>
internal sealed record HeldChain(NftBaseChain? Base, EquatableArray<ulong> Rules, EquatableArray<ulong> Handles);

/// <summary>Members of one kernel set as they were read.</summary>
internal sealed class ReadMembers
{
    public HashSet<Cidr> Prefixes { get; } = [];

    public HashSet<PortMember> Ports { get; } = [];
}
