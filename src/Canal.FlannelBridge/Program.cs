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
        DaemonCommand.Configured("--cleanup", "remove from this host the tunnels, routes and rules that this program made", (_, configuration) => Task.FromResult(Cleanup.Run(configuration))),
        DaemonCommand.Asks("--status", "print the running agent's lease, its peers and what stands in the way", "status", ExitCode.Failure),
    ],
    Run = Daemon.RunAsync,
}.RunAsync(args);
