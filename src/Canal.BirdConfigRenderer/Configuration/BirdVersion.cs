namespace Canal.BirdConfigRenderer.Configuration;

/// <summary>Which BIRD this host has.</summary>
internal enum BirdVersion
{
    /// <summary>Its program is asked at the start.</summary>
    Auto,

    /// <summary>BIRD 2 or later: one process for both families.</summary>
    Bird2,

    /// <summary>BIRD 1.6: a process for each family.</summary>
    Bird16,
}
