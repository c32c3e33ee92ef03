using System.Collections.Immutable;
using System.Reflection;
using Canal.BirdConfigRenderer;
using Canal.BirdConfigRenderer.Configuration;
using Canal.Hosting;

CommandLine command = CommandLine.Parse(args);
if (command.Error is not null)
{
    Console.Error.WriteLine($"canal-bird-config-renderer: {command.Error}\n{CommandLine.Usage}");
    return ExitCode.Usage;
}
if (command.Kind is CommandKind.Help or CommandKind.Version)
{
    Console.Out.Write(command.Kind == CommandKind.Help ? CommandLine.Usage : $"canal-bird-config-renderer {Product.Version}\n");
    return ExitCode.Ok;
}

ImmutableDictionary<string, string> environment = ProcessEnvironment.Read();
RuntimePaths paths = RuntimePaths.FromEnvironment(environment);
if (command.ConfigDirectory is not null) paths = paths with { Configuration = command.ConfigDirectory };
switch (command.Kind)
{
    case CommandKind.Reload: return await OneShot.AskAsync(paths, "reload", ExitCode.Configuration);
    case CommandKind.Status: return await OneShot.AskAsync(paths, "status", ExitCode.Failure);
    case CommandKind.RestartBird: return await OneShot.AskAsync(paths, "restart-bird", ExitCode.Unavailable);
}

ConfigurationSources sources = ConfigurationSources.FromProcess(paths.Configuration, []);
ConfigurationResult result = ConfigurationLoader.Load(RendererSettings.Schema, sources);
if (result.Configuration is null)
{
    Console.Error.Write(result.ErrorText());
    return ExitCode.Configuration;
}
return command.Kind switch
{
    CommandKind.CheckConfig => OneShot.CheckConfiguration(result.Configuration),
    CommandKind.ShowConfig => OneShot.ShowConfiguration(result.Configuration),
    _ => await Daemon.RunAsync(result.Configuration, () => ConfigurationLoader.Load(RendererSettings.Schema, sources), paths, environment),
};

/// <summary>What this program calls itself.</summary>
internal static class Product
{
    /// <summary>The version it was built as, without the revision it was built from.</summary>
    public static string Version { get; } =
        (typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
