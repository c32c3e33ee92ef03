using System.Collections.Immutable;
using System.Text;

namespace Canal.Hosting;

/// <summary>A daemon's program: its command line, its configuration, and what they lead to.</summary>
public sealed record DaemonProgram
{
    public required ConfigurationSchema Schema { get; init; }

    /// <summary>As people call it: <c>canal-felix</c>.</summary>
    public string Name => DaemonStart.ProgramOf(Schema);

    /// <summary>One line: <c>The BGP agent: reads …</c></summary>
    public required string Summary { get; init; }

    /// <summary>What goes on when the daemon has ended: <c>enforcement stays when it ends.</c></summary>
    public required string Afterwards { get; init; }

    /// <summary>Besides <c>--version</c> and <c>--help</c>, in the usage's order.</summary>
    public required ImmutableArray<DaemonCommand> Commands { get; init; }

    /// <summary>Runs the daemon; returns the exit code.</summary>
    public required Func<DaemonStart, Configuration, Task<int>> Run { get; init; }

    /// <summary>All options, in the usage's order.</summary>
    public IEnumerable<DaemonOption> Options =>
    [
        .. Commands.Select(c => new DaemonOption(c.Option, c.Help, c.More)),
        new DaemonOption("--version", "print the version"),
        new DaemonOption("--help", "print this"),
        new DaemonOption("--config-dir", $"where canal.toml and {Schema.Daemon}.toml are (default /etc/canal)", Value: "DIR"),
    ];

    /// <summary>What <c>--help</c> prints.</summary>
    public string Usage()
    {
        StringBuilder text = new($"""
            Usage: {Name} [--config-dir DIR] [COMMAND]

            {Summary}

            Without a command it runs in the foreground until SIGTERM; {Afterwards}

            """);
        int width = Options.Max(o => o.Head.Length) + 2;
        foreach (DaemonOption option in Options) text.Append("  ").Append(option.Head.PadRight(width)).Append(option.Help).Append('\n');
        return text.ToString();
    }

    /// <summary>Does what the arguments say; returns the exit code.</summary>
    public async Task<int> RunAsync(string[] arguments)
    {
        DaemonArguments parsed = DaemonArguments.Parse(arguments, [.. Commands.Select(c => c.Option), "--version", "--help"]);
        if (parsed.Error is not null)
        {
            Console.Error.WriteLine($"{Name}: {parsed.Error}\n{Usage()}");
            return ExitCode.Usage;
        }
        if (parsed.Option is "--help" or "--version")
        {
            Console.Out.Write(parsed.Option == "--help" ? Usage() : $"{Name} {Product.Version}\n");
            return ExitCode.Ok;
        }
        ImmutableDictionary<string, string> environment = ProcessEnvironment.Read();
        RuntimePaths paths = RuntimePaths.FromEnvironment(environment);
        if (parsed.ConfigDirectory is not null) paths = paths with { Configuration = parsed.ConfigDirectory };
        DaemonCommand command = Commands.FirstOrDefault(c => c.Option == parsed.Option) ?? DaemonCommand.Configured("", "", Run);
        return await command.Run(new DaemonStart(Schema, paths, environment)).ConfigureAwait(false);
    }
}
