namespace Canal.Core.Resources;

/// <summary>What applying a staged policy would do. Absent in data means <see cref="Set"/>.</summary>
public enum StagedAction : byte
{
    Set,
    /// <summary>Never reaches calculation.</summary>
    Delete,
    Learn,
    Ignore,
}
