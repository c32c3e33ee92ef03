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

    /// <summary>The built-in value as it would stand in the environment.</summary>
    public string DefaultText => DefaultValue.Text;

    /// <summary>A text, as it would stand in the environment, as a TOML value; null with what is wrong with it.</summary>
    public string? ToToml(string text, out string error)
    {
        List<ConfigurationError> errors = [];
        BoundValue? bound = BindText(text, ConfigurationOrigin.Default, errors);
        error = bound is null ? errors[0].Message : "";
        return bound is null ? null : TomlOf(bound.Text);
    }

    /// <summary>A value's text as TOML: a string, but for the kinds that say otherwise.</summary>
    private protected virtual string TomlOf(string text) => QuotedToml(text);

    private protected static string QuotedToml(string text) =>
        $"\"{string.Concat(text.Select(c => c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()))}\"";

    internal abstract BoundValue DefaultValue { get; }

    internal abstract BoundValue? BindToml(TomlValue value, ConfigurationOrigin origin, List<ConfigurationError> errors);

    internal abstract BoundValue? BindText(string text, ConfigurationOrigin origin, List<ConfigurationError> errors);

    private static bool IsKey(string key) =>
        key.Split('.').All(part => part.Length > 0 && char.IsAsciiLetterLower(part[0]) && !part.Contains("__", StringComparison.Ordinal)
            && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'));
}
