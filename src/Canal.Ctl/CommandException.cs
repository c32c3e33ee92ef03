namespace Canal.Ctl;

/// <summary>A command cannot go on. The message is a sentence for the operator.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="Hosting.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;

    public static CommandException Usage(string message) => new(Hosting.ExitCode.Usage, message);
}
