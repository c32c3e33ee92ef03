namespace Canal.BirdConfigRenderer;

/// <summary>What the program was asked to do.</summary>
internal enum CommandKind
{
    Run,
    CheckConfig,
    ShowConfig,
    Reload,
    Status,
    RestartBird,
    Version,
    Help,
}

/// <summary>The arguments, understood.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="ConfigDirectory">Null for the default.</param>
/// <param name="Error">What is wrong with the arguments, or null.</param>
internal sealed record CommandLine(CommandKind Kind, string? ConfigDirectory, string? Error)
{
    public const string Usage = """
        Usage: canal-bird-config-renderer [--config-dir DIR] [COMMAND]

        The BGP agent: reads Calico's BGP resources from etcd and keeps BIRD configured by them.

        Without a command it runs in the foreground until SIGTERM; BIRD goes on when it ends.
          --check-config    read the configuration and tell what is wrong with it
          --show-config     print every setting, its value and where it comes from
          --reload          ask the running agent to read its configuration again, and wait until it has
          --status          print the running agent's view of BIRD and its sessions
          --restart-bird    restart BIRD so that its neighbours keep its routes meanwhile
          --version         print the version
          --help            print this
          --config-dir DIR  where canal.toml and bird-config-renderer.toml are (default /etc/canal)

        """;

    public static CommandLine Parse(ReadOnlySpan<string> arguments)
    {
        CommandKind kind = CommandKind.Run;
        string? directory = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument == "--config-dir" && i + 1 < arguments.Length) directory = arguments[++i];
            else if (argument.StartsWith("--config-dir=", StringComparison.Ordinal)) directory = argument["--config-dir=".Length..];
            else if (CommandOf(argument) is not CommandKind command) return new CommandLine(kind, null, $"unknown argument {argument}");
            else if (kind != CommandKind.Run) return new CommandLine(kind, null, $"{argument}: only one command at a time");
            else kind = command;
        }
        return new CommandLine(kind, directory, null);
    }

    private static CommandKind? CommandOf(string argument) => argument switch
    {
        "--check-config" => CommandKind.CheckConfig,
        "--show-config" => CommandKind.ShowConfig,
        "--reload" => CommandKind.Reload,
        "--status" => CommandKind.Status,
        "--restart-bird" => CommandKind.RestartBird,
        "--version" => CommandKind.Version,
        "--help" or "-h" => CommandKind.Help,
        _ => null,
    };
}
