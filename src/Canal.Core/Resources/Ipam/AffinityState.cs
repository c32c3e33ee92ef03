namespace Canal.Core.Resources;

/// <summary>How far the claim of a block has come.</summary>
public enum AffinityState : byte
{
    /// <summary>Old values say nothing; the affinity exists.</summary>
    Unset,
    Pending,
    Confirmed,
    PendingDeletion,
}
