using System.CommandLine;
using System.CommandLine.Help;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The program: its commands, and how they end.</summary>
internal static class Canalctl
{
    /// <summary>Runs one command line to its exit code.</summary>
    /// <param name="arguments">What stands after the program's name.</param>
    /// <param name="around">What the run has around it.</param>
    /// <param name="stop">Interrupts it, as a signal does.</param>
    public static async Task<int> RunAsync(string[] arguments, Surroundings around, CancellationToken stop = default)
    {
        int exitCode = await DoAsync(arguments, around, stop);
        try
        {
            await around.Output.FlushAsync(CancellationToken.None);
        }
        catch (IOException error)
        {
            // A disk that is full, say. (A reader that has had enough is no error.)
            exitCode = exitCode == ExitCode.Ok ? Fail(around, ExitCode.Failure, $"standard output: {error.Message}") : exitCode;
        }
        await around.Error.FlushAsync(CancellationToken.None);
        return exitCode;
    }

    private static async Task<int> DoAsync(string[] arguments, Surroundings around, CancellationToken stop)
    {
        try
        {
            ParseResult parsed = Root(around).Parse(arguments);
            // What is being completed is not a whole command line yet.
            bool completing = arguments.Length > 0 && arguments[0].StartsWith("[suggest", StringComparison.Ordinal);
            if (parsed.Errors.Count > 0 && !completing)
                throw CommandException.Usage(string.Join("\n", parsed.Errors.Select(error => Plain(error.Message))));
            InvocationConfiguration invocation = new() { Output = around.Output, Error = around.Error, EnableDefaultExceptionHandler = false };
            return await parsed.InvokeAsync(invocation, stop);
        }
        catch (CommandException error)
        {
            return Fail(around, error.ExitCode, error.Message);
        }
        catch (EtcdException error)
        {
            return Fail(around, EtcdExit.Code(error.Failure), error.Message);
        }
        catch (Exception error) when (error is IOException or IpamException)
        {
            return Fail(around, ExitCode.Failure, error.Message);
        }
        catch (OperationCanceledException)
        {
            return CtlExit.Interrupted;
        }
    }

    /// <summary>The commands and their options.</summary>
    internal static RootCommand Root(Surroundings around)
    {
        GlobalOptions options = new();
        RootCommand root = new("Reads and writes the resources that Canal and Calico keep in etcd.")
        {
            new WriteCommand(WriteVerb.Apply, options, around).Definition,
            new WriteCommand(WriteVerb.Create, options, around).Definition,
            new WriteCommand(WriteVerb.Replace, options, around).Definition,
            new ConfirmCommand(options, around).Definition,
            new DeleteCommand(options, around).Definition,
            new GetCommand(options, around).Definition,
            new WatchCommand(options, around).Definition,
            new PatchCommand(options, around).Definition,
            new LabelCommand(options, around).Definition,
            new DiffCommand(options, around).Definition,
            new ValidateCommand(around).Definition,
            new ConvertCommand(around).Definition,
            new ExplainCommand(around).Definition,
            new TraceCommand(options, around).Definition,
            new TestCommand(options, around).Definition,
            new IpamCommand(options, around).Definition,
            new NodeCommand(options, around).Definition,
            new EndpointCommand(options, around).Definition,
            new OverlayCommand(options, around).Definition,
            new EtcdCommand(options, around).Definition,
            new BgpCommand(around).Definition,
            new ConfigCommand(options, around).Definition,
            new CniCommand(options, around).Definition,
            new DropsCommand(around).Definition,
            new FlowsCommand(around).Definition,
            new PolicyCommand(around).Definition,
            new DatastoreCommand(options, around).Definition,
            new DiagCommand(options, around).Definition,
            new InitCommand(options, around).Definition,
            new StatusCommand(around).Definition,
            new Command("cluster", "Of calicoctl.") { Hidden = true, Subcommands = { ForeignCommand.Define("cluster", "diags", "gathers from a Kubernetes cluster's pods; on each host that is concerned, canalctl diag gathers what there is") } },
            CompletionCommand.Define(around),
            VersionCommand.Define(around),
        };
        VersionCommand.Instead(root, around);
        // Spellings of Windows, which would be offered wherever a word is completed.
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            foreach (string alias in help.Aliases.Where(alias => alias.StartsWith('/')).ToArray())
                help.Aliases.Remove(alias);
        }
        options.AddTo(root);
        return root;
    }

    /// <summary>What the parser of command lines says, without names of types.</summary>
    private static string Plain(string message) => message
        .Replace("as expected type 'System.UInt16'", "as a number from 0 to 65535", StringComparison.Ordinal)
        .Replace("as expected type 'System.Byte'", "as a number from 0 to 255", StringComparison.Ordinal)
        .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
        .Replace("as expected type 'System.Nullable`1[System.Int32]'", "as a whole number", StringComparison.Ordinal);

    private static int Fail(Surroundings around, int exitCode, string message)
    {
        foreach (string line in message.Split('\n'))
            around.Say($"canalctl: {line}");
        if (exitCode == ExitCode.Usage)
            around.Say("canalctl: see canalctl --help, or --help after a command");
        return exitCode;
    }
}
