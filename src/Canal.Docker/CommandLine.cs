using Canal.Hosting;

namespace Canal.Docker;

/// <summary>The program's command line: what <c>--help</c> and the manual page tell.</summary>
internal static class CommandLine
{
    /// <summary>What is run.</summary>
    public static DaemonProgram Program { get; } = new()
    {
        Schema = DockerSettings.Schema,
        Summary = "Docker's network and address driver: connects containers and registers them as endpoints in etcd.",
        Afterwards = "containers stay connected when it ends.",
        Commands = [DaemonCommand.CheckConfiguration, DaemonCommand.ShowConfiguration, DaemonCommand.Reload],
        Run = Daemon.RunAsync,
    };
}
