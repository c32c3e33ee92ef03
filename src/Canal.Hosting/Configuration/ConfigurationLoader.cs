using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>
/// Reads all sources of a daemon's configuration, weakest first: built-in, the vendor's files, (the datastore, later: <see cref="Configuration.WithDatastore"/>), canal.toml and the
/// daemon's file, drop-ins of the runtime and then of the configuration directory, environment, flags. Files that do not exist are no error. Lists are replaced, not joined.
/// </summary>
public static class ConfigurationLoader
{
    /// <summary>Reports every error of every source at once; with any of them there is no configuration.</summary>
    public static ConfigurationResult Load(ConfigurationSchema schema, ConfigurationSources sources)
    {
        List<ConfigurationError> errors = [];
        Dictionary<string, BoundValue> below = [], above = [];

        BindHostName(sources, below);
        BindFiles(schema, VendorFiles(schema, sources), below, errors);
        BindFiles(schema, HostFiles(schema, sources, errors), above, errors);
        ConfigurationBinder.BindEnvironment(schema, sources.Environment, above, errors);
        ConfigurationBinder.BindFlags(schema, sources.Flags, above, errors);

        Configuration configuration = new(schema, below, ImmutableDictionary<string, BoundValue>.Empty, above);
        if (errors.Count == 0)
            CheckRules(configuration, errors);
        return errors.Count == 0 ? new ConfigurationResult(configuration, []) : new ConfigurationResult(null, [.. errors]);
    }

    // A host name that is no node name is an error only where nothing stronger names the node, hence bound unchecked here and checked with the rules.
    private static void BindHostName(ConfigurationSources sources, Dictionary<string, BoundValue> below) =>
        below[CommonSettings.NodeName.Key] = new BoundValue<string>(CommonSettings.NodeName, sources.HostName.ToLowerInvariant(), new ConfigurationOrigin("hostname"));

    private static void CheckRules(Configuration configuration, List<ConfigurationError> errors)
    {
        string node = CommonSettings.NodeName.Key;
        if (NodeNameText.Wrong(configuration.Get(CommonSettings.NodeName)) is { } wrong)
            errors.Add(configuration.Origin(node).Error($"{node} {wrong}; set {node} in canal.toml"));
        foreach (ConfigurationRule rule in configuration.Schema.Rules)
            if (rule.Check(configuration) is { } broken)
                errors.Add(configuration.Origin(rule.Setting.Key).Error($"{rule.Setting.Key} {broken}"));
    }

    private static IEnumerable<string> VendorFiles(ConfigurationSchema schema, ConfigurationSources sources) =>
        [Path.Combine(sources.VendorDirectory, ConfigurationFile.Shared), Path.Combine(sources.VendorDirectory, $"{schema.Daemon}.toml")];

    private static IEnumerable<string> HostFiles(ConfigurationSchema schema, ConfigurationSources sources, List<ConfigurationError> errors) =>
    [
        Path.Combine(sources.ConfigurationDirectory, ConfigurationFile.Shared),
        Path.Combine(sources.ConfigurationDirectory, $"{schema.Daemon}.toml"),
        .. ConfigurationFile.DropIns(Path.Combine(sources.RuntimeDirectory, $"{schema.Daemon}.toml.d"), errors),
        .. ConfigurationFile.DropIns(Path.Combine(sources.ConfigurationDirectory, $"{schema.Daemon}.toml.d"), errors),
    ];

    private static void BindFiles(ConfigurationSchema schema, IEnumerable<string> paths, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
    {
        foreach (string path in paths)
        {
            if (ConfigurationFile.Read(path, errors) is not { } text)
                continue;
            TomlDocument document = TomlDocument.Parse(text, path);
            errors.AddRange(document.Errors);
            new TomlBinder(schema, path, into, errors).Bind(document);
        }
    }
}
