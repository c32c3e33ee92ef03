using System.CommandLine;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The program: its commands, and how they end.</summary>
internal static class Canalctl
{
    private const int Interrupted = 130;

    /// <summary>Runs one command line to its exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, Surroundings around)
    {
        try
        {
            ParseResult parsed = Root(around).Parse(arguments);
            if (parsed.Errors.Count > 0)
                throw CommandException.Usage(string.Join("\n", parsed.Errors.Select(error => error.Message)));
            InvocationConfiguration invocation = new() { Output = around.Output, Error = around.Error, EnableDefaultExceptionHandler = false };
            return await parsed.InvokeAsync(invocation);
        }
        catch (CommandException error)
        {
            return Fail(around, error.ExitCode, error.Message);
        }
        catch (EtcdException error)
        {
            return Fail(around, EtcdExit.Code(error.Failure), error.Message);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        finally
        {
            await around.Output.FlushAsync();
            await around.Error.FlushAsync();
        }
    }

    private static RootCommand Root(Surroundings around)
    {
        GlobalOptions options = new();
        RootCommand root = new("Reads and writes the resources that Canal and Calico keep in etcd.")
        {
            new WriteCommand(WriteVerb.Apply, options, around).Definition,
            new WriteCommand(WriteVerb.Create, options, around).Definition,
            new WriteCommand(WriteVerb.Replace, options, around).Definition,
            new DeleteCommand(options, around).Definition,
            new GetCommand(options, around).Definition,
            new InitCommand(options, around).Definition,
            VersionCommand.Define(around),
        };
        VersionCommand.Instead(root, around);
        options.AddTo(root);
        return root;
    }

    private static int Fail(Surroundings around, int exitCode, string message)
    {
        foreach (string line in message.Split('\n'))
            around.Say($"canalctl: {line}");
        if (exitCode == ExitCode.Usage)
            around.Say("canalctl: see canalctl --help, or --help after a command");
        return exitCode;
    }
}
