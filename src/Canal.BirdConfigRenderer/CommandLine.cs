using Canal.BirdConfigRenderer.Configuration;
using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>The program's command line: what <c>--help</c> and the manual page tell.</summary>
internal static class CommandLine
{
    /// <summary>What is run.</summary>
    public static DaemonProgram Program { get; } = new()
    {
        Schema = RendererSettings.Schema,
        Summary = "The BGP agent: reads Calico's BGP resources from etcd and keeps BIRD configured by them.",
        Afterwards = "BIRD goes on when it ends.",
        Commands =
        [
            DaemonCommand.CheckConfiguration,
            DaemonCommand.ShowConfiguration,
            DaemonCommand.Reload,
            DaemonCommand.Asks("--status", "print the running agent's view of BIRD and its sessions", "status", ExitCode.Failure) with
            {
                More = "Each session with its state and last error, refused resources and other problems.",
            },
            DaemonCommand.Asks("--restart-bird", "restart BIRD so that its neighbours keep its routes meanwhile", "restart-bird", ExitCode.Unavailable),
        ],
        Run = Daemon.RunAsync,
    };
}
