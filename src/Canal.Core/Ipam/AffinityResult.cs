namespace Canal.Core.Ipam;

/// <summary>What came of claiming or giving up a block.</summary>
public enum AffinityResult : byte
{
    /// <summary>It is the owner's now, or is no more.</summary>
    Done,

    /// <summary>Another has it, or what is in etcd cannot be read.</summary>
    NotOurs,

    /// <summary>There are addresses in it, and it should have been empty.</summary>
    NotEmpty,
}
