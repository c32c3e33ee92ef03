using Canal.Felix.Configuration;
using Canal.Hosting;

namespace Canal.Felix;

/// <summary>The program's command line: what <c>--help</c> and the manual page tell.</summary>
internal static class CommandLine
{
    /// <summary>What is run.</summary>
    public static DaemonProgram Program { get; } = new()
    {
        Schema = FelixSettings.Schema,
        Summary = "The network policy agent: reads Calico's resources from etcd and enforces them with nftables or iptables.",
        Afterwards = "enforcement stays when it ends.",
        Commands =
        [
            DaemonCommand.CheckConfiguration,
            DaemonCommand.Configured("--show-config", DaemonCommand.ShowConfiguration.Help, OneShot.ShowConfigurationAsync) with
            {
                More = "Where an agent runs it is asked, so that what etcd says is among them.",
            },
            DaemonCommand.Reload,
            new DaemonCommand("--convert-config", "read calico-felix's felix.cfg from standard input and print it as felix.toml", _ => Task.FromResult(ConvertedConfiguration.Print(Console.In, Console.Out, Console.Error))),
            DaemonCommand.Configured("--cleanup", "remove from the kernel everything that this program made", (start, configuration) => OneShot.CleanupAsync(start, configuration)) with
            {
                More = "Also its status files, mtu_file, and what is kept for the next boot. The agent must not be running.",
            },
            DaemonCommand.Configured("--restore", "put the policy that was in force before a boot back, unless there is one", (start, configuration) => Task.FromResult(OneShot.Restore(configuration, start.Paths))) with
            {
                More = "This is what canal-felix-boot.service does.",
            },
        ],
        Run = Daemon.RunAsync,
    };
}
