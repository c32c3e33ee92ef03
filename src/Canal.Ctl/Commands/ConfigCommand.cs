using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl config</c>: the daemons' configuration on this host. Each daemon knows its own settings, so it is asked.</summary>
internal sealed class ConfigCommand
{
    private const string Felix = "felix";
    private static readonly string[] Daemons = [Felix, "bird-config-renderer", "flannel-bridge"];
    private static readonly string[] Folders = ["/usr/sbin", "/usr/local/sbin"];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string[]> daemons = new("DAEMON") { Description = "felix, bird-config-renderer or flannel-bridge; all that are installed unless given.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Argument<string> file = new("FILE") { Description = "calico-felix's configuration, usually /etc/calico/felix.cfg; - for standard input." };

    public ConfigCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        daemons.CompletionSources.Add(Daemons);
        Command check = new("check", "Tell what is wrong with the configuration. Ends with 78 when something is.") { daemons };
        check.SetAction((parsed, stop) => EachAsync(parsed, "--check-config", stop));
        Command show = new("show", "Show every setting, its value and where it comes from.") { daemons };
        show.SetAction((parsed, stop) => EachAsync(parsed, "--show-config", stop));
        Command convert = new("convert", "Print calico-felix's felix.cfg as felix.toml; what Canal has no use for is told.") { file };
        convert.SetAction(ConvertAsync);
        Definition = new Command("config", "Check, show and convert the daemons' configuration on this host.") { check, show, convert };
    }

    public Command Definition { get; }

    private async Task<int> EachAsync(ParseResult parsed, string what, CancellationToken stop)
    {
        string[] named = parsed.GetValue(daemons) ?? [];
        foreach (string name in named.Where(name => !Daemons.Contains(name)))
            throw CommandException.Usage($"config: {Problem.Quote(name)} is not a daemon{NearestWord.Suggest(name, Daemons)}");
        string[] wanted = named.Length > 0 ? named : [.. Daemons.Where(daemon => Find(daemon) is not null)];
        if (wanted.Length == 0)
            throw new CommandException(ExitCode.Failure, "none of Canal's daemons is installed here");
        int worst = ExitCode.Ok;
        foreach (string daemon in wanted)
        {
            string program = Find(daemon) ?? throw new CommandException(ExitCode.Failure, $"canal-{daemon} is not installed");
            if (wanted.Length > 1)
                around.Output.Write($"# canal-{daemon}\n");
            int ended = await RunAsync(program, [what, "--config-dir", options.ConfigDirectory(parsed, around)], null, stop);
            worst = ended == ExitCode.Ok ? worst : ended;
        }
        return worst;
    }

    private async Task<int> ConvertAsync(ParseResult parsed, CancellationToken stop)
    {
        InputText input = InputText.ReadAll(parsed.GetValue(file)!, recursive: false, around.Input).FirstOrDefault()
            ?? throw new CommandException(ExitCode.Failure, $"{parsed.GetValue(file)}: is a folder");
        string program = Find(Felix) ?? throw new CommandException(ExitCode.Failure, "canal-felix, which knows the settings, is not installed");
        return await RunAsync(program, ["--convert-config"], input.Text ?? throw new CommandException(ExitCode.Failure, $"{input.Name}: {input.Error}"), stop);
    }

    private async Task<int> RunAsync(string program, string[] arguments, string? input, CancellationToken stop)
    {
        (int code, string output, string error) = await OtherProgram.RunAsync(program, arguments, input ?? "", stop);
        around.Output.Write(output);
        around.Error.Write(error);
        return code;
    }

    /// <summary>Where a daemon is: beside this program, where packages put it, or on the path.</summary>
    private string? Find(string daemon) => (string[])[AppContext.BaseDirectory, .. Folders, .. around.Environment.GetValueOrDefault("PATH", "").Split(':', StringSplitOptions.RemoveEmptyEntries)] is var folders
        ? folders.Select(folder => Path.Combine(folder, $"canal-{daemon}")).FirstOrDefault(File.Exists) : null;
}
