namespace Canal.BirdConfigRenderer.Configuration;

/// <summary>Who starts BIRD.</summary>
internal enum BirdStart
{
    /// <summary>systemd where it runs, else this program.</summary>
    Auto,
    Systemd,
    Direct,
    None,
}
