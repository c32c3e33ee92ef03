namespace Canal.Hosting;

/// <summary>Gives the entries of one TOML file to the settings they name.</summary>
internal sealed class TomlBinder(ConfigurationSchema schema, string file, Dictionary<string, BoundValue> into, List<ConfigurationError> errors)
{
    private readonly Dictionary<string, int> _linesOfKeys = [];
    private readonly Dictionary<string, int> _linesOfTables = [];

    public void Bind(TomlDocument document)
    {
        foreach (TomlSection section in document.Sections)
            if (section.Name.Length == 0 || HeaderIsRight(section))
                foreach (TomlEntry entry in section.Entries)
                    Bind(section.Name, entry);
    }

    private bool HeaderIsRight(TomlSection section)
    {
        if (!IsTable(section.Name))
        {
            string found = schema.Find(section.Name) is null ? "unknown table" : "not a table:";
            Add(section.Position, $"{found} [{EscapedText.Of(section.Name)}]{Suggestion.For(section.Name, Tables())}");
            return false;
        }
        if (section.IsArray)
            Add(section.Position, $"[[{section.Name}]] would be a list of tables: write [{section.Name}]");
        else if (!_linesOfTables.TryAdd(section.Name, section.Position.Line))
            Add(section.Position, $"[{section.Name}] stands already in line {_linesOfTables[section.Name]}");
        return !section.IsArray;
    }

    private void Bind(string table, TomlEntry entry)
    {
        string key = table.Length == 0 ? entry.Key : $"{table}.{entry.Key}";
        if (schema.Find(key) is { } setting)
            Bind(setting, entry);
        else if (!IsTable(key))
            Add(entry.Position, $"unknown key {EscapedText.Of(key)}{Suggestion.For(key, schema.Settings.Select(known => known.Key))}");
        else if (entry.Value is TomlTable inline)
            foreach (TomlEntry inner in inline.Entries)
                Bind(key, inner);
        else
            Add(entry.Value.Position, $"{key}: expected a table, found {entry.Value.Describe()}");
    }

    private void Bind(Setting setting, TomlEntry entry)
    {
        if (!_linesOfKeys.TryAdd(setting.Key, entry.Position.Line))
            Add(entry.Position, $"{setting.Key} is already set in line {_linesOfKeys[setting.Key]}");
        else if (Path.GetFileName(file) == ConfigurationFile.Shared && !schema.IsShared(setting.Key))
            Add(entry.Position, $"{setting.Key} is a setting of one daemon: it belongs in {schema.Daemon}.toml");
        else if (setting.BindToml(entry.Value, new ConfigurationOrigin(file, entry.Value.Position.Line, entry.Value.Position.Column), errors) is { } value)
            into[setting.Key] = value;
    }

    private bool IsTable(string key) => Tables().Contains(key);

    private IEnumerable<string> Tables() => schema.Settings.SelectMany(setting => Parents(setting.Key)).Distinct();

    private static IEnumerable<string> Parents(string key)
    {
        for (int dot = key.IndexOf('.'); dot >= 0; dot = key.IndexOf('.', dot + 1))
            yield return key[..dot];
    }

    private void Add(TomlPosition at, string message) => errors.Add(new ConfigurationError(file, at.Line, at.Column, message));
}
