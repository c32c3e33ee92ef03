namespace Canal.Ctl;

/// <summary>What a command does to what is not there, and to what is.</summary>
internal enum WriteVerb
{
    /// <summary>Creates, or changes what is there.</summary>
    Apply,

    /// <summary>Only creates.</summary>
    Create,

    /// <summary>Only changes what is there.</summary>
    Replace,
}
