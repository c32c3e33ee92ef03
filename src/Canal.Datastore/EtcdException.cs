namespace Canal.Datastore;

/// <summary>etcd could not be asked, or refused. The message is a sentence for an operator and holds no secret.</summary>
public sealed class EtcdException : Exception
{
    /// <summary>A failure of this kind.</summary>
    public EtcdException(EtcdFailure failure, string message, Exception? cause = null)
        : base(message, cause) => Failure = failure;

    /// <summary>What kind of failure this is.</summary>
    public EtcdFailure Failure { get; }

    /// <summary>
    /// The request reached the network and its answer was lost: a write may or may not have happened. Whoever repeats it must compare so
    /// that its own earlier success counts as success.
    /// </summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The token, not the user, was refused: a new token may help. etcd forgets simple tokens after 5 minutes without use, and when it restarts.</summary>
    internal bool TokenRefused { get; init; }
}
