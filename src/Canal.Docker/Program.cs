using Canal.Docker;
using Canal.Hosting;

return await new DaemonProgram
{
    Schema = DockerSettings.Schema,
    Summary = "Docker's network and address driver: connects containers and registers them as endpoints in etcd.",
    Afterwards = "containers stay connected when it ends.",
    Commands = [DaemonCommand.CheckConfiguration, DaemonCommand.ShowConfiguration, DaemonCommand.Reload],
    Run = Daemon.RunAsync,
}.RunAsync(args);
