using System.Collections.Immutable;
using System.Reflection;
using Canal.Felix;
using Canal.Felix.Configuration;
using Canal.Hosting;

CommandLine command = CommandLine.Parse(args);
if (command.Error is not null)
{
    Console.Error.WriteLine($"canal-felix: {command.Error}\n{CommandLine.Usage}");
    return ExitCode.Usage;
}
if (command.Kind is CommandKind.Help or CommandKind.Version)
{
    Console.Out.Write(command.Kind == CommandKind.Help ? CommandLine.Usage : $"canal-felix {Product.Version}\n");
    return ExitCode.Ok;
}

ImmutableDictionary<string, string> environment = ProcessEnvironment.Read();
RuntimePaths paths = RuntimePaths.FromEnvironment(environment);
if (command.ConfigDirectory is not null) paths = paths with { Configuration = command.ConfigDirectory };
if (command.Kind == CommandKind.Reload) return await OneShot.ReloadAsync(paths);

ConfigurationSources sources = ConfigurationSources.FromProcess(paths.Configuration, []);
ConfigurationResult result = ConfigurationLoader.Load(FelixSettings.Schema, sources);
if (result.Configuration is null)
{
    Console.Error.Write(result.ErrorText());
    return ExitCode.Configuration;
}
return command.Kind switch
{
    CommandKind.CheckConfig => OneShot.CheckConfiguration(result.Configuration),
    CommandKind.ShowConfig => await OneShot.ShowConfigurationAsync(paths, result.Configuration),
    CommandKind.Restore => OneShot.Restore(result.Configuration, paths),
    CommandKind.Cleanup => OneShot.Cleanup(result.Configuration, paths),
    _ => await Daemon.RunAsync(result.Configuration, () => ConfigurationLoader.Load(FelixSettings.Schema, sources), paths, environment),
};

/// <summary>What this program calls itself.</summary>
internal static class Product
{
    /// <summary>The version it was built as, without the revision it was built from.</summary>
    public static string Version { get; } =
        (typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
