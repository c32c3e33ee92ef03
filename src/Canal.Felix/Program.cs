using Canal.Felix;
using Canal.Felix.Configuration;
using Canal.Hosting;

return await new DaemonProgram
{
    Schema = FelixSettings.Schema,
    Summary = "The network policy agent: reads Calico's resources from etcd and enforces them with nftables.",
    Afterwards = "enforcement stays when it ends.",
    Commands =
    [
        DaemonCommand.CheckConfiguration,
        DaemonCommand.Configured("--show-config", DaemonCommand.ShowConfiguration.Help, OneShot.ShowConfigurationAsync),
        DaemonCommand.Reload,
        new DaemonCommand("--convert-config", "read calico-felix's felix.cfg from standard input and print it as felix.toml", _ => Task.FromResult(ConvertedConfiguration.Print(Console.In, Console.Out, Console.Error))),
        DaemonCommand.Configured("--cleanup", "remove from the kernel everything that this program made", (start, configuration) => Task.FromResult(OneShot.Cleanup(configuration, start.Paths))),
        DaemonCommand.Configured("--restore", "put the policy that was in force before a boot back, unless there is one", (start, configuration) => Task.FromResult(OneShot.Restore(configuration, start.Paths))),
    ],
    Run = Daemon.RunAsync,
}.RunAsync(args);
