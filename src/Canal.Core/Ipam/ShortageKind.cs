namespace Canal.Core.Ipam;

/// <summary>Why there are fewer addresses than were asked for.</summary>
public enum ShortageKind : byte
{
    /// <summary>No pool serves this request.</summary>
    NoPool,

    /// <summary>The owner has as many blocks as it may.</summary>
    BlockLimit,

    /// <summary>All of the pools is in use or reserved.</summary>
    PoolsFull,

    /// <summary>Other hosts' blocks have room, and may not be borrowed from.</summary>
    StrictAffinity,

    /// <summary>Settings or pools in etcd do not allow it: the message says which.</summary>
    Configuration,
}
