namespace Canal.Hosting;

/// <summary>Gives the values of the sources that are not TOML to the settings they name.</summary>
internal static class ConfigurationBinder
{
    /// <summary>Names that begin with the daemon's prefix and are no setting are errors: a misspelt variable would otherwise just do nothing.</summary>
    public static void BindEnvironment(ConfigurationSchema schema, IReadOnlyDictionary<string, string> environment, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
    {
        Dictionary<string, Setting> byName = schema.Settings.ToDictionary(schema.EnvironmentName);
        foreach ((string name, string text) in environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(schema.EnvironmentPrefix, StringComparison.Ordinal))
                continue;
            ConfigurationOrigin origin = new($"environment {EscapedText.Of(name)}");
            if (!byName.TryGetValue(name, out Setting? setting))
                errors.Add(origin.Error("names no setting" + Suggestion.For(name, byName.Keys)));
            else if (setting.BindText(text, origin, errors) is { } value)
                into[setting.Key] = value;
        }
    }

    /// <summary>A flag given twice takes its last value, as everywhere.</summary>
    public static void BindFlags(ConfigurationSchema schema, IEnumerable<ConfigurationFlag> flags, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
    {
        foreach (ConfigurationFlag flag in flags)
            Bind(schema, flag.Key, flag.Text, new ConfigurationOrigin($"flag {flag.Name}"), into, errors);
    }

    public static void BindLayer(ConfigurationSchema schema, ConfigurationLayer layer, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
    {
        foreach ((string key, string text) in layer.Values)
            Bind(schema, key, text, new ConfigurationOrigin(layer.Origin), into, errors);
    }

    private static void Bind(ConfigurationSchema schema, string key, string text, ConfigurationOrigin origin, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
    {
        if (schema.Find(key) is not { } setting)
            errors.Add(origin.Error($"unknown key {EscapedText.Of(key)}{Suggestion.For(key, schema.Settings.Select(known => known.Key))}"));
        else if (setting.BindText(text, origin, errors) is { } value)
            into[setting.Key] = value;
    }
}
