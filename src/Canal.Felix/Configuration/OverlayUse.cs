namespace Canal.Felix.Configuration;

/// <summary>Whether an encapsulation is used.</summary>
public enum OverlayUse
{
    /// <summary>Where a pool says so.</summary>
    Automatic,

    /// <summary>In any case.</summary>
    On,

    /// <summary>In no case.</summary>
    Off,
}
