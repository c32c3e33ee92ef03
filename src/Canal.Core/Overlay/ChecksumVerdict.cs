namespace Canal.Core.Overlay;

/// <summary>What became of checksums that were left open on the way to another host.</summary>
public enum ChecksumVerdict
{
    /// <summary>The other host does not answer, or too seldom.</summary>
    Unknown,

    /// <summary>They arrive right.</summary>
    Arrive,

    /// <summary>They arrive wrong, and those that are filled in before arrive right.</summary>
    Broken,
}
