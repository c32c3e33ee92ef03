using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Canal.BirdConfigRenderer.Configuration;
using Canal.Hosting;
using Canal.Testing;
using Canal.Testing.Manuals;

namespace Canal.BirdConfigRenderer.Tests;

/// <summary>The settings file and the manual page that are shipped say what the program does.</summary>
public sealed partial class ShippedFilesTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_line_of_the_shipped_file_is_the_default()
    {
        string folder = Directory.CreateTempSubdirectory("canal-settings-").FullName;
        try
        {
            string shipped = File.ReadAllText(Path.Combine(Root, "etc", "bird-config-renderer.toml"));
            Dictionary<string, string> defaults = Load(folder);
            File.WriteAllText(Path.Combine(folder, "bird-config-renderer.toml"), Commented().Replace(shipped, "$1"));
            Assert.Equal(defaults, Load(folder));
            foreach (string key in OwnKeys()) Assert.Matches($"(?m)^#{key} = ", shipped);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_setting_is_in_the_manual_page()
    {
        string page = File.ReadAllText(Path.Combine(Root, "packaging", "man", "bird-config-renderer.toml.5"));
        foreach (string key in OwnKeys()) Assert.Matches($@"(?m)^\.It Cm .*\b{key}\b", page);
    }

    private static IEnumerable<string> OwnKeys() => RendererSettings.Schema.Settings.Select(s => s.Key).Except(CommonSettings.Shared.Select(s => s.Key)).Where(k => k != "log.level");

    private static Dictionary<string, string> Load(string folder)
    {
        ConfigurationSources sources = new() { VendorDirectory = folder + "/none", RuntimeDirectory = folder + "/none", ConfigurationDirectory = folder, HostName = "host", Environment = ImmutableDictionary<string, string>.Empty };
        ConfigurationResult result = ConfigurationLoader.Load(RendererSettings.Schema, sources);
        Assert.True(result.Configuration is not null, result.Configuration is null ? result.ErrorText() : "");
        return result.Configuration!.Entries.ToDictionary(e => e.Key, e => e.Text);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Canal.sln"))) return at.FullName;
        throw new DirectoryNotFoundException("no Canal.sln above the test");
    }

    [GeneratedRegex("(?m)^#([a-z_]+ = )")]
    private static partial Regex Commented();

    [Fact]
    public void The_manual_page_has_the_options_that_the_program_has() => Assert.Empty(DaemonManual.Differences(CommandLine.Program));

    [Fact]
    public void The_journals_catalogue_explains_every_kind_of_message() => Catalogue.Explains(typeof(Log).Assembly, "canal-bird-config-renderer.catalog");
}
