using System.Collections.Immutable;

namespace Canal.Hosting.Tests;

/// <summary>Three roots in a temporary folder and what else makes up the sources.</summary>
internal sealed class ConfigurationFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Dictionary<string, string> Environment { get; } = [];

    public List<ConfigurationFlag> Flags { get; } = [];

    public string HostName { get; set; } = "Host-A.Example";

    public string Path(string name) => _folder.At(name);

    public ConfigurationFixture Write(string name, string content)
    {
        _folder.Write(name, content);
        return this;
    }

    public ConfigurationResult Load() => ConfigurationLoader.Load(SampleSettings.Schema, new ConfigurationSources
    {
        VendorDirectory = _folder.At("lib"),
        RuntimeDirectory = _folder.At("run"),
        ConfigurationDirectory = _folder.At("etc"),
        Environment = Environment.ToImmutableDictionary(),
        Flags = [.. Flags],
        HostName = HostName,
    });

    public Hosting.Configuration LoadRight()
    {
        ConfigurationResult result = Load();
        Assert.Empty(result.ErrorText());
        return result.Configuration!;
    }

    /// <summary>The errors with the temporary folder cut off the paths.</summary>
    public string[] LoadWrong()
    {
        ConfigurationResult result = Load();
        Assert.Null(result.Configuration);
        return [.. result.Errors.Select(error => error.ToString().Replace(_folder.Path + "/", "", StringComparison.Ordinal))];
    }

    public string Shorten(string text) => text.Replace(_folder.Path + "/", "", StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();
}
