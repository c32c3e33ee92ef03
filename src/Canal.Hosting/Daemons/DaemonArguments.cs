namespace Canal.Hosting;

/// <summary>A daemon's arguments, understood.</summary>
/// <param name="Option">The command; null to run the daemon.</param>
/// <param name="ConfigDirectory">Null for the default.</param>
/// <param name="Error">What is wrong with the arguments, or null.</param>
internal sealed record DaemonArguments(string? Option, string? ConfigDirectory, string? Error)
{
    public static DaemonArguments Parse(ReadOnlySpan<string> arguments, ReadOnlySpan<string> options)
    {
        string? option = null, directory = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i] == "-h" ? "--help" : arguments[i];
            if (argument == "--config-dir" && i + 1 < arguments.Length) directory = arguments[++i];
            else if (argument.StartsWith("--config-dir=", StringComparison.Ordinal)) directory = argument["--config-dir=".Length..];
            else if (!options.Contains(argument)) return new DaemonArguments(null, null, $"unknown argument {argument}");
            else if (option is not null) return new DaemonArguments(null, null, $"{argument}: only one command at a time");
            else option = argument;
        }
        return new DaemonArguments(option, directory, null);
    }
}
