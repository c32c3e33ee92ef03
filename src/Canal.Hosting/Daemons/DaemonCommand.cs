namespace Canal.Hosting;

/// <summary>What a daemon's program does instead of running: one thing, and then it ends.</summary>
/// <param name="Option">As it is written: <c>--reload</c>.</param>
/// <param name="Help">What it does, for the usage.</param>
/// <param name="Run">Returns the exit code.</param>
public sealed record DaemonCommand(string Option, string Help, Func<DaemonStart, Task<int>> Run)
{
    /// <summary>Whole sentences that the manual page has besides; may be empty.</summary>
    public string More { get; init; } = "";

    /// <summary>Every daemon has it.</summary>
    public static DaemonCommand CheckConfiguration { get; } =
        Configured("--check-config", "read the configuration and tell what is wrong with it", (_, configuration) =>
        {
            Console.Out.WriteLine($"the configuration is good (node {configuration.Get(CommonSettings.NodeName)})");
            return Task.FromResult(ExitCode.Ok);
        }) with
        {
            More = "Errors are lines of the form file:line:column: message, and the exit status is 78.",
        };

    /// <summary>For daemons whose whole configuration is on this host.</summary>
    public static DaemonCommand ShowConfiguration { get; } =
        Configured("--show-config", "print every setting, its value and where it comes from", (_, configuration) =>
        {
            Console.Out.Write(configuration.ToText());
            return Task.FromResult(ExitCode.Ok);
        });

    /// <summary>Every daemon has it; the running one answers when it is over.</summary>
    public static DaemonCommand Reload { get; } =
        Asks("--reload", "ask the running agent to read its configuration again, and wait until it has", "reload", ExitCode.Configuration) with
        {
            More = "A configuration with errors is refused whole; the agent keeps the one it has. This is what systemctl reload does.",
        };

    /// <summary>One that needs the configuration; without a good one it ends with 78.</summary>
    public static DaemonCommand Configured(string option, string help, Func<DaemonStart, Configuration, Task<int>> run) => new(option, help, start =>
    {
        ConfigurationResult result = start.ReadConfiguration();
        if (result.Configuration is not null) return run(start, result.Configuration);
        Console.Error.Write(result.ErrorText());
        return Task.FromResult(ExitCode.Configuration);
    });

    /// <summary>One that asks the running daemon and prints its answer.</summary>
    /// <param name="refused">The exit code when the daemon says no.</param>
    public static DaemonCommand Asks(string option, string help, string request, int refused) =>
        new(option, help, start => AskAsync(start, request, refused));

    private static async Task<int> AskAsync(DaemonStart start, string request, int refused)
    {
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
            ControlResponse answer = await ControlSocketClient.AskAsync(start.ControlSocket, request, patience.Token).ConfigureAwait(false);
            if (answer.Error is null)
            {
                Console.Out.Write(answer.Body);
                return ExitCode.Ok;
            }
            Console.Error.WriteLine($"{start.Program}: {answer.Error}\n{answer.Body}");
            return refused;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            Console.Error.WriteLine($"{start.Program}: the running agent does not answer on {start.ControlSocket}: {e.Message}");
            return ExitCode.Unavailable;
        }
    }
}
