namespace Canal.Hosting;

/// <summary>
/// The daemon must be started anew for something to count, which its supervisor does after <see cref="ExitCode.Restart"/>. The message is a sentence for the log.
/// </summary>
public sealed class RestartException(string message) : Exception(message);
