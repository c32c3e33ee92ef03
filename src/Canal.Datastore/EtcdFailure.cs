namespace Canal.Datastore;

/// <summary>What kind of failure an <see cref="EtcdException"/> is; what a caller decides by.</summary>
public enum EtcdFailure
{
    /// <summary>Anything else etcd said.</summary>
    Other,

    /// <summary>The options or the files they name cannot be used; trying again does not help.</summary>
    Configuration,

    /// <summary>No endpoint answers, or etcd has no leader. Trying later helps.</summary>
    Unavailable,

    /// <summary>etcd does not accept the user name, password or token.</summary>
    Unauthenticated,

    /// <summary>etcd knows the user, and does not allow this.</summary>
    PermissionDenied,

    /// <summary>The TLS handshake failed: either side does not trust the other's certificate.</summary>
    Tls,

    /// <summary>The request or its answer exceeds a message limit.</summary>
    TooLarge,

    /// <summary>The revision asked for is no longer kept.</summary>
    Compacted,
}
