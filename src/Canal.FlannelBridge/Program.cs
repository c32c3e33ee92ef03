using Canal.FlannelBridge;
using Canal.FlannelBridge.Configuration;
using Canal.Hosting;

return await new DaemonProgram
{
    Schema = BridgeSettings.Schema,
    Summary = "The flannel agent: leases this host's subnet in etcd and carries packets between the hosts' subnets.",
    Afterwards = "tunnels, routes and rules stay when it ends.",
    Commands =
    [
        DaemonCommand.CheckConfiguration,
        DaemonCommand.ShowConfiguration,
        DaemonCommand.Reload,
        DaemonCommand.Asks("--status", "print the running agent's lease, its peers and what stands in the way", "status", ExitCode.Failure),
    ],
    Run = Daemon.RunAsync,
}.RunAsync(args);
