using System.Globalization;
using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>calico-felix's <c>felix.cfg</c>, an INI file, as felix.toml and canal.toml. What Canal has no use for is told and left out.</summary>
internal static class ConvertedConfiguration
{
    private const int MostLines = 10_000;

    /// <summary>Where calico-felix is told of etcd: settings that all of Canal's programs share.</summary>
    private static readonly Dictionary<string, string> Shared = new(StringComparer.OrdinalIgnoreCase)
    {
        ["FelixHostname"] = CommonSettings.NodeName.Key,
        ["EtcdEndpoints"] = CommonSettings.EtcdEndpoints.Key,
        ["EtcdCaFile"] = CommonSettings.EtcdCaFile.Key,
        ["EtcdCertFile"] = CommonSettings.EtcdCertFile.Key,
        ["EtcdKeyFile"] = CommonSettings.EtcdKeyFile.Key,
    };

    /// <summary>Returns the exit code: 78 when a value cannot be used.</summary>
    public static int Print(TextReader from, TextWriter to, TextWriter error)
    {
        SortedDictionary<string, string> shared = new(StringComparer.Ordinal), own = new(StringComparer.Ordinal);
        bool good = true;
        int number = 0;
        Dictionary<string, string> address = new(StringComparer.OrdinalIgnoreCase) { ["EtcdScheme"] = "http" };
        for (string? line; (line = from.ReadLine()) is not null && number < MostLines;)
        {
            number++;
            if (Read(line.Trim(), shared, own, address) is not string wrong) continue;
            good &= wrong.StartsWith("not used", StringComparison.Ordinal);
            error.Write($"line {number.ToString(CultureInfo.InvariantCulture)}: {EscapedText.Of(wrong)}\n");
        }
        if (address.TryGetValue("EtcdAddr", out string? host)) shared.TryAdd(CommonSettings.EtcdEndpoints.Key, CommonSettings.EtcdEndpoints.ToToml($"{address["EtcdScheme"].ToLowerInvariant()}://{host}", out _) ?? "[]");
        Write("canal.toml", shared, to);
        Write("felix.toml", own, to);
        return good ? ExitCode.Ok : ExitCode.Configuration;
    }

    /// <summary>Null, or what is wrong with the line. Etcd's address in parts counts where no endpoints are named.</summary>
    private static string? Read(string line, SortedDictionary<string, string> shared, SortedDictionary<string, string> own, Dictionary<string, string> address)
    {
        if (line.Length == 0 || line[0] is '#' or ';' or '[') return null;
        int at = line.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0) return $"{line} is not NAME = VALUE";
        string name = line[..at].Trim(), value = line[(at + 1)..].Trim();
        bool isNone = value.Equals("none", StringComparison.OrdinalIgnoreCase);
        if (value.Length == 0 || (isNone && !name.StartsWith("Failsafe", StringComparison.OrdinalIgnoreCase))) return null;
        if (name.Equals("EtcdScheme", StringComparison.OrdinalIgnoreCase) || name.Equals("EtcdAddr", StringComparison.OrdinalIgnoreCase)) return Address(name, value, address);
        Setting? setting = Shared.TryGetValue(name, out string? key) ? CommonSettings.Shared.First(s => s.Key == key) : DatastoreLayers.SettingOf(name) ?? FelixSettings.Schema.Settings.FirstOrDefault(s => s.Key == SnakeCase(name));
        if (setting is null) return $"not used: {name} = {value}";
        string text = isNone ? "none" : FelixText.Of(setting, value);
        if (setting.ToToml(text, out string error) is not string toml) return $"{name}: {error}";
        (key is null ? own : shared)[setting.Key] = toml;
        return null;
    }

    private static string? Address(string name, string value, Dictionary<string, string> address)
    {
        if (CommonSettings.EtcdEndpoints.ToToml(name.Equals("EtcdScheme", StringComparison.OrdinalIgnoreCase) ? $"{value.ToLowerInvariant()}://host:1" : $"http://{value}", out string error) is null) return $"{name}: {error}";
        address[name] = value;
        return null;
    }

    private static void Write(string file, SortedDictionary<string, string> values, TextWriter to)
    {
        if (values.Count == 0) return;
        to.Write($"# {file}\n");
        foreach ((string key, string value) in values.Where(v => !v.Key.Contains('.', StringComparison.Ordinal))) to.Write($"{key} = {value}\n");
        foreach (IGrouping<string, KeyValuePair<string, string>> table in values.Where(v => v.Key.Contains('.', StringComparison.Ordinal)).GroupBy(v => v.Key[..v.Key.IndexOf('.', StringComparison.Ordinal)]))
        {
            to.Write($"[{table.Key}]\n");
            foreach ((string key, string value) in table) to.Write($"{key[(table.Key.Length + 1)..]} = {value}\n");
        }
    }

    /// <summary><c>InterfacePrefix</c> is <c>interface_prefix</c>.</summary>
    private static string SnakeCase(string name) => string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 && !char.IsAsciiLetterUpper(name[i - 1]) ? $"_{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));
}
