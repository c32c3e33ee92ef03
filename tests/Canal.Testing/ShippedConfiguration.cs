using System.Text.RegularExpressions;
using Canal.Hosting;

namespace Canal.Testing;

/// <summary>
/// A daemon's commented file under <c>etc/</c> and its manual page, held to the program: every line <c>#key = value</c> is a key of the schema with its
/// built-in default, and no key of the schema is left out of either.
/// </summary>
public static partial class ShippedConfiguration
{
    /// <summary>Sentences about what differs; empty when the files tell the truth.</summary>
    /// <param name="schema">The daemon's settings; the shared ones belong to canal.toml and are not looked for.</param>
    public static List<string> Differences(ConfigurationSchema schema)
    {
        string root = Repository.Root ?? throw new DirectoryNotFoundException($"no Canal.sln above {AppContext.BaseDirectory}");
        ConfigurationResult shown = Uncommented(schema, File.ReadAllText(Path.Combine(root, "etc", $"{schema.Daemon}.toml")));
        if (shown.Configuration is not { } uncommented) return [.. shown.Errors.Select(e => e.ToString())];
        string manual = File.ReadAllText(Path.Combine(root, "packaging", "man", $"{schema.Daemon}.toml.5"));
        Configuration builtIn = Load(schema, "/nonexistent").Configuration!;
        List<string> differences = [.. uncommented.ChangedFrom(builtIn).Select(key => $"{key}: the file shows a value that is not the default")];
        foreach (ConfigurationEntry entry in builtIn.Entries.ExceptBy(CommonSettings.Shared.Select(s => s.Key), e => e.Key))
        {
            if (uncommented.Origin(entry.Key) == entry.Origin) differences.Add($"{entry.Key}: missing in the file");
            if (!manual.Contains(entry.Key, StringComparison.Ordinal)) differences.Add($"{entry.Key}: missing in the manual page");
        }
        return differences;
    }

    private static ConfigurationResult Uncommented(ConfigurationSchema schema, string shipped)
    {
        string folder = Directory.CreateTempSubdirectory("canal-tests-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, $"{schema.Daemon}.toml"), CommentedSetting().Replace(shipped, "$1"));
            return Load(schema, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ConfigurationResult Load(ConfigurationSchema schema, string folder) => ConfigurationLoader.Load(schema,
        new ConfigurationSources { VendorDirectory = "/nonexistent", RuntimeDirectory = "/nonexistent", ConfigurationDirectory = folder, HostName = "host" });

    /// <summary>A setting that is commented out, as against a sentence: no space behind the <c>#</c>.</summary>
    [GeneratedRegex(@"^#([a-z][a-z0-9_]* = )", RegexOptions.Multiline)]
    private static partial Regex CommentedSetting();
}
