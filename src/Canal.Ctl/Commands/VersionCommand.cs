using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl version</c> and <c>canalctl --version</c>, which ask nobody.</summary>
internal static class VersionCommand
{
    // Of calicoctl, which goes on asking the cluster.
    private static readonly Option<string> Poll = new("--poll") { Hidden = true };

    public static Command Define(Surroundings around)
    {
        Command command = new("version", "Show the version of canalctl.")
        {
            // Of calicoctl, which otherwise asks the cluster too.
            new Option<bool>("--client") { Hidden = true },
            Poll,
        };
        command.SetAction(parsed => parsed.GetValue(Poll) is null ? Show(around)
            : throw CommandException.Usage("version --poll: this program tells its own version and asks nobody; canalctl watch clusterinformation shows the cluster's"));
        return command;
    }

    /// <summary>Makes the root's own <c>--version</c> say the same.</summary>
    public static void Instead(RootCommand root, Surroundings around)
    {
        foreach (VersionOption option in root.Options.OfType<VersionOption>())
            option.Action = new ShowAction(around);
    }

    private static int Show(Surroundings around)
    {
        string version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        around.Output.Write($"canalctl {version.Split('+')[0]}\n");
        return ExitCode.Ok;
    }

    private sealed class ShowAction(Surroundings around) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult) => Show(around);
    }
}
