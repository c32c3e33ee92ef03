namespace Canal.Felix.LastKnownGood;

/// <summary>What is enforced after a boot until etcd has answered.</summary>
internal enum MissingDatastore
{
    /// <summary>What was in force before the boot.</summary>
    Snapshot,

    /// <summary>Everything is held back but the failsafe ports.</summary>
    FailsafeOnly,

    /// <summary>Nothing is held back.</summary>
    Open,
}
