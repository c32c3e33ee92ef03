using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A range that addresses are assigned from. Fields absent in old data have the defaults written here.</summary>
public sealed record IpPool : Resource
{
    public required Cidr Cidr { get; init; }

    /// <summary>Prefix length of the blocks the pool is cut into: 26 for IPv4 and 122 for IPv6 unless given.</summary>
    public required int BlockSize { get; init; }

    public EncapsulationMode IpipMode { get; init; }

    public EncapsulationMode VxlanMode { get; init; }

    /// <summary>Traffic leaving all pools is masqueraded.</summary>
    public bool NatOutgoing { get; init; }

    public bool Disabled { get; init; }

    public bool DisableBgpExport { get; init; }

    public string NodeSelector { get; init; } = "all()";

    public string NamespaceSelector { get; init; } = "";

    public PoolUses AllowedUses { get; init; } = PoolUses.Workload | PoolUses.Tunnel;

    public AssignmentMode AssignmentMode { get; init; }

    /// <summary>Block size where none is given.</summary>
    public static int DefaultBlockSize(IpFamily family) => family.Bits - 6;
}
