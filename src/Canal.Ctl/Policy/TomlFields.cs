using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The entries of one TOML table, read by name; what is wrong is told with its place.</summary>
internal sealed class TomlFields(string path, TomlSection section, List<string> errors)
{
    /// <summary><c>prod.toml:18</c></summary>
    public string Where => $"{path}:{section.Position.Line}";

    /// <summary>Tells of every key that is not one of these.</summary>
    public void Only(IReadOnlyCollection<string> known)
    {
        foreach (TomlEntry entry in section.Entries.Where(entry => !known.Contains(entry.Key)))
            Fail(entry.Position, $"unknown key {EscapedText.Of(entry.Key)}{NearestWord.Suggest(entry.Key, known)}");
    }

    public void Fail(string what) => Fail(section.Position, what);

    public void Fail(string key, string what) => Fail(Find(key)?.Position ?? section.Position, $"{key}: {what}");

    /// <summary>A string; null when it is not there.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { Value: TomlString text } => text.Value,
        { } other => Wrong<string>(key, other, "a string"),
    };

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Texts(string key) => Find(key) switch
    {
        null => [],
        { Value: TomlString text } => [text.Value],
        { Value: TomlList list } when list.Items.All(item => item is TomlString) => [.. list.Items.Select(item => ((TomlString)item).Value)],
        { } other => Wrong<string[]>(key, other, "a string or a list of strings") ?? [],
    };

    /// <summary>A whole number; null when it is not there.</summary>
    public long? Number(string key, long least, long most)
    {
        if (Find(key) is not { } entry)
            return null;
        if (entry.Value is TomlInteger number && number.Value >= least && number.Value <= most)
            return number.Value;
        Wrong<string>(key, entry, $"a number from {least} to {most}");
        return null;
    }

    /// <summary>A table of strings.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs(string key) => Find(key) switch
    {
        null => [],
        { Value: TomlTable table } when table.Entries.All(entry => entry.Value is TomlString) =>
            [.. table.Entries.Select(entry => KeyValuePair.Create(entry.Key.Trim('"'), ((TomlString)entry.Value).Value))],
        { } other => Wrong<KeyValuePair<string, string>[]>(key, other, "a table of strings") ?? [],
    };

    private T? Wrong<T>(string key, TomlEntry entry, string expected) where T : class
    {
        Fail(entry.Value.Position, $"{key}: expected {expected}, found {entry.Value.Describe()}");
        return null;
    }

    private TomlEntry? Find(string key) => section.Entries.FirstOrDefault(entry => entry.Key == key);

    private void Fail(TomlPosition at, string what) => errors.Add($"{path}:{at.Line}:{at.Column}: {what}");
}
