namespace Canal.Hosting;

/// <summary>Where a log goes.</summary>
public enum LogTarget
{
    /// <summary>The journal when systemd connected standard error to it, else standard error.</summary>
    Automatic,

    /// <summary>The journal, by its socket, whatever standard error is.</summary>
    Journal,

    /// <summary>Standard error; with priorities as <c>&lt;N&gt;</c> when the journal reads it.</summary>
    StandardError,
}
