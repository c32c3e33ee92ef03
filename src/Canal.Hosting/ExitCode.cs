namespace Canal.Hosting;

/// <summary>Exit codes of every daemon and tool, after &lt;sysexits.h&gt;. The units do not restart after <see cref="Configuration"/>.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>What was asked for failed.</summary>
    public const int Failure = 1;

    /// <summary>EX_USAGE: wrong arguments.</summary>
    public const int Usage = 64;

    /// <summary>EX_UNAVAILABLE: the datastore or the daemon does not answer.</summary>
    public const int Unavailable = 69;

    /// <summary>EX_TEMPFAIL: it is to be started again.</summary>
    public const int Restart = 75;

    /// <summary>EX_NOPERM.</summary>
    public const int Permission = 77;

    /// <summary>EX_CONFIG.</summary>
    public const int Configuration = 78;
}
