namespace Canal.Hosting;

/// <summary>What a reporter speaks about. What it does not speak about it cannot spoil.</summary>
[Flags]
public enum HealthAspects
{
    None = 0,

    /// <summary>Restart the daemon when this is gone.</summary>
    Live = 1,

    /// <summary>The daemon does its work.</summary>
    Ready = 2,

    LiveAndReady = Live | Ready,
}
