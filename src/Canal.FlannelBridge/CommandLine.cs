using Canal.FlannelBridge.Configuration;
using Canal.Hosting;

namespace Canal.FlannelBridge;

/// <summary>The program's command line: what <c>--help</c> and the manual page tell.</summary>
internal static class CommandLine
{
    /// <summary>What is run.</summary>
    public static DaemonProgram Program { get; } = new()
    {
        Schema = BridgeSettings.Schema,
        Summary = "The flannel agent: leases this host's subnet in etcd and carries packets between the hosts' subnets.",
        Afterwards = "tunnels, routes and rules stay when it ends.",
        Commands =
        [
            DaemonCommand.CheckConfiguration,
            DaemonCommand.ShowConfiguration,
            DaemonCommand.Reload,
            DaemonCommand.Configured("--cleanup", "remove from this host the tunnels, routes and rules that this program made", (_, configuration) => Task.FromResult(Cleanup.Run(configuration))) with
            {
                More = "Devices, routes, nftables table or iptables chains, subnet file and CNI configuration, whichever of its networks they are of; beside a flanneld only the CNI "
                    + "configuration. The lease ends by itself. Stop the agent first.",
            },
            DaemonCommand.Asks("--status", "print the running agent's lease, its peers and what stands in the way", "status", ExitCode.Failure),
        ],
        Run = Daemon.RunAsync,
    };
}
