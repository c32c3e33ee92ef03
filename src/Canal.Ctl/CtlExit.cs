namespace Canal.Ctl;

/// <summary>Exit codes beside those that every program here has.</summary>
internal static class CtlExit
{
    /// <summary>diff: what is stored differs from the documents.</summary>
    public const int Differs = 3;

    /// <summary>trace: policy denies the packet.</summary>
    public const int Denied = 3;

    /// <summary>Stopped by a signal.</summary>
    public const int Interrupted = 130;
}
