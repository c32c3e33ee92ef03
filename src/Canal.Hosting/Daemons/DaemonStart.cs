using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>What a daemon, or a command of its program, starts from.</summary>
/// <param name="Schema">The daemon's settings; its names follow from the schema's.</param>
/// <param name="Paths">Its directories.</param>
/// <param name="Environment">The process's environment.</param>
public sealed record DaemonStart(ConfigurationSchema Schema, RuntimePaths Paths, ImmutableDictionary<string, string> Environment)
{
    /// <summary><c>canal-felix</c></summary>
    public string Program => ProgramOf(Schema);

    /// <summary>Path of the control socket: <c>/run/canal/felix.sock</c>.</summary>
    public string ControlSocket => Path.Combine(Paths.Runtime, $"{Schema.Daemon}.sock");

    /// <summary>Reads the configuration as it is now.</summary>
    public ConfigurationResult ReadConfiguration() => ConfigurationLoader.Load(Schema, ConfigurationSources.FromProcess(Paths.Configuration, []));

    internal static string ProgramOf(ConfigurationSchema schema) => $"canal-{schema.Daemon}";
}
