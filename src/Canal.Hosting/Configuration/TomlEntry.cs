namespace Canal.Hosting;

/// <summary>A key, its parts joined by dots (relative to the table it stands in), with its value.</summary>
internal sealed record TomlEntry(string Key, TomlPosition Position, TomlValue Value);
