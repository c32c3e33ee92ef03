using Canal.BirdConfigRenderer;
using Canal.BirdConfigRenderer.Configuration;
using Canal.Hosting;

return await new DaemonProgram
{
    Schema = RendererSettings.Schema,
    Summary = "The BGP agent: reads Calico's BGP resources from etcd and keeps BIRD configured by them.",
    Afterwards = "BIRD goes on when it ends.",
    Commands =
    [
        DaemonCommand.CheckConfiguration,
        DaemonCommand.ShowConfiguration,
        DaemonCommand.Reload,
        DaemonCommand.Asks("--status", "print the running agent's view of BIRD and its sessions", "status", ExitCode.Failure),
        DaemonCommand.Asks("--restart-bird", "restart BIRD so that its neighbours keep its routes meanwhile", "restart-bird", ExitCode.Unavailable),
    ],
    Run = Daemon.RunAsync,
}.RunAsync(args);
