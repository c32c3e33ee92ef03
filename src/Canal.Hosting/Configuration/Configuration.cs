using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>
/// Every setting of a daemon with its value and where that came from. Immutable. It remembers which values lie below the datastore's and which above, so that the datastore's
/// can be put in later, and again, without reading the files anew.
/// </summary>
public sealed class Configuration
{
    private readonly FrozenDictionary<string, BoundValue> _below;
    private readonly FrozenDictionary<string, BoundValue> _above;
    private readonly FrozenDictionary<string, BoundValue> _values;

    internal Configuration(ConfigurationSchema schema, IReadOnlyDictionary<string, BoundValue> below, IReadOnlyDictionary<string, BoundValue> datastore, IReadOnlyDictionary<string, BoundValue> above)
    {
        Schema = schema;
        _below = below.ToFrozenDictionary();
        _above = above.ToFrozenDictionary();
        _values = schema.Settings
            .Select(setting => above.GetValueOrDefault(setting.Key) ?? datastore.GetValueOrDefault(setting.Key) ?? below.GetValueOrDefault(setting.Key) ?? setting.DefaultValue)
            .ToFrozenDictionary(value => value.Setting.Key);
    }

    public ConfigurationSchema Schema { get; }

    /// <summary>All settings in the schema's order, secrets hidden.</summary>
    public IEnumerable<ConfigurationEntry> Entries =>
        Schema.Settings.Select(setting => new ConfigurationEntry(setting.Key, setting.Secret ? "(hidden)" : _values[setting.Key].Text, Origin(setting.Key), setting.Doc));

    /// <summary>A line for each setting: key, value, origin.</summary>
    public string ToText() => string.Concat(Entries.Select(entry => $"{entry.Key} = {entry.Text}  # {entry.Origin}\n"));

    /// <summary>The value. Asking for a setting that is not in the schema is a programming error.</summary>
    public T Get<T>(Setting<T> setting) =>
        _values.GetValueOrDefault(setting.Key) is BoundValue<T> bound && ReferenceEquals(bound.Setting, setting)
            ? bound.Value
            : throw new ArgumentException($"{setting.Key} is not a setting of {Schema.Daemon}", nameof(setting));

    /// <summary>Where the value of a key of the schema comes from.</summary>
    public ConfigurationOrigin Origin(string key) => _values[key].Origin;

    /// <summary>The key's value stands above the datastore's: a file, the environment or a flag of this host sets it.</summary>
    public bool IsOwn(string key) => _above.ContainsKey(key);

    /// <summary>This configuration with the datastore's values, weakest layer first, in the place of those that an earlier call put in.</summary>
    public LayerResult WithDatastore(IReadOnlyList<ConfigurationLayer> layers)
    {
        List<ConfigurationError> errors = [];
        Dictionary<string, BoundValue> datastore = [];
        foreach (ConfigurationLayer layer in layers)
            ConfigurationBinder.BindLayer(Schema, layer, datastore, errors);
        return new LayerResult(new Configuration(Schema, _below, datastore, _above), [.. errors]);
    }

    /// <summary><see cref="WithDatastore"/> for a single layer.</summary>
    public LayerResult WithLayer(ConfigurationLayer layer) => WithDatastore([layer]);

    /// <summary>Keys whose value differs from that in another configuration of the same schema, in the schema's order. A reload that changed nothing yields none.</summary>
    public ImmutableArray<string> ChangedFrom(Configuration other) =>
        [.. Schema.Settings.Select(setting => setting.Key).Where(key => _values[key].Text != other._values[key].Text)];
}
