namespace Canal.Hosting;

/// <summary>One key of a daemon's configuration: its name, type, default and one line of documentation. Declared once, in a table; nothing is bound by reflection.</summary>
public abstract class Setting
{
    private protected Setting(string key, string doc)
    {
        if (!IsKey(key))
            throw new ArgumentException($"\"{key}\" is not a dotted snake_case key", nameof(key));
        Key = key;
        Doc = doc;
    }

    /// <summary>Dotted snake_case, as <c>etcd.endpoints</c>. Never has two underscores in a row, as those stand for the dot in the environment.</summary>
    public string Key { get; }

    /// <summary>One line, for the manual page and <c>--show-config</c>.</summary>
    public string Doc { get; }

    /// <summary>True when the value must appear in no listing, log line or error.</summary>
    public bool Secret { get; init; }

    /// <summary>What may stand there, as an error says it: <c>a duration such as "90s"</c>.</summary>
    public abstract string Expected { get; }

    internal abstract BoundValue DefaultValue { get; }

    internal abstract BoundValue? BindToml(TomlValue value, ConfigurationOrigin origin, List<ConfigurationError> errors);

    internal abstract BoundValue? BindText(string text, ConfigurationOrigin origin, List<ConfigurationError> errors);

    private static bool IsKey(string key) =>
        key.Split('.').All(part => part.Length > 0 && char.IsAsciiLetterLower(part[0]) && !part.Contains("__", StringComparison.Ordinal)
            && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'));
}
