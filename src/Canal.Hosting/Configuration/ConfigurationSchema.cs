using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>All settings of one daemon: the shared ones of <see cref="CommonSettings"/> and its own. Build it once; two settings with one key are a programming error.</summary>
public sealed class ConfigurationSchema
{
    private readonly FrozenDictionary<string, Setting> _byKey;
    private readonly FrozenSet<string> _shared;

    /// <param name="daemon">As its file is named: <c>felix</c>, <c>bird-config-renderer</c>.</param>
    /// <param name="settings">The daemon's own settings.</param>
    /// <param name="rules">Conditions over several settings, besides those of <see cref="CommonSettings"/>.</param>
    public ConfigurationSchema(string daemon, IEnumerable<Setting> settings, IEnumerable<ConfigurationRule>? rules = null)
    {
        Daemon = daemon;
        Settings = [.. CommonSettings.Shared, CommonSettings.LogLevel, .. settings];
        Rules = [.. CommonSettings.Rules, .. rules ?? []];
        EnvironmentPrefix = $"CANAL_{daemon.Replace('-', '_').ToUpperInvariant()}__";
        _byKey = Settings.Select(setting => KeyValuePair.Create(setting.Key, setting)).ToFrozenDictionary();
        _shared = CommonSettings.Shared.Select(setting => setting.Key).ToFrozenSet();
        if (_byKey.Count != Settings.Length)
            throw new ArgumentException($"two settings of {daemon} have the same key", nameof(settings));
    }

    public string Daemon { get; }

    /// <summary>In the order of the declaration, the shared ones first.</summary>
    public ImmutableArray<Setting> Settings { get; }

    public ImmutableArray<ConfigurationRule> Rules { get; }

    /// <summary><c>CANAL_FELIX__</c></summary>
    public string EnvironmentPrefix { get; }

    /// <summary><c>log.level</c> is <c>CANAL_FELIX__LOG__LEVEL</c>.</summary>
    public string EnvironmentName(Setting setting) => EnvironmentPrefix + setting.Key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    public Setting? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>May the key stand in canal.toml?</summary>
    internal bool IsShared(string key) => _shared.Contains(key);
}
