namespace Canal.Core.Ipam;

/// <summary>What can be wrong between IPAM's values, and between them and the cluster.</summary>
public enum IpamFindingKind : byte
{
    /// <summary>An address is assigned and nobody uses it.</summary>
    Leaked,

    /// <summary>An address of a pool is used and not assigned: it may be assigned to another.</summary>
    NotAssigned,

    /// <summary>A handle counts otherwise than the blocks, or one of the two is missing.</summary>
    HandleDiffers,

    /// <summary>A block's owner has no claim, or a claim has no block or another's.</summary>
    ClaimDiffers,

    /// <summary>A block belongs to a node that does not exist.</summary>
    OwnerGone,

    /// <summary>A block is in no pool.</summary>
    NoPool,
}
