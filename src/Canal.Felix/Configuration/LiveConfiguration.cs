using Canal.Core.Resources;
using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>
/// This host's own configuration and etcd's put together, anew whenever one of them changes. A wrong value in etcd is told once and left out, so that what is
/// weaker holds; but where its setting decides what is policed or reached, nothing of etcd's changes before it is mended, and a start does not begin.
/// </summary>
internal sealed class LiveConfiguration(HostingConfiguration configuration, ILogger log)
{
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private HostingConfiguration local = configuration;
    private List<ConfigurationLayer>? good;

    /// <summary>What is in force.</summary>
    public HostingConfiguration Effective { get; private set; } = configuration;

    /// <summary>Why nothing is known that could be programmed; null when something is.</summary>
    public string? Unusable { get; private set; }

    /// <summary>The files were read again.</summary>
    public void SetLocal(HostingConfiguration read) => local = read;

    /// <summary>Puts them together. Returns whether there is something to take in.</summary>
    public bool Resolve(IReadOnlyDictionary<string, FelixConfiguration> configurations, string nodeName, Node? node)
    {
        List<ConfigurationLayer> layers = DatastoreLayers.Of(configurations, nodeName, node);
        LayerResult result = local.WithDatastore(layers);
        string? vital = VitalSettings.Wrong(layers, local);
        Tell([.. result.Errors.Select(error => error.ToString()), .. DatastoreLayers.Unselectable(configurations.Values), .. vital is null ? [] : (string[])[Consequence(vital)]]);
        Unusable = vital is not null && good is null ? vital : null;
        if (Unusable is not null) return false;
        if (vital is null) good = layers;
        Effective = vital is null ? result.Configuration : local.WithDatastore(good!).Configuration;
        return true;
    }

    private string Consequence(string vital) => good is null
        ? $"nothing is programmed before this is mended, what an earlier run programmed stays: {vital}"
        : $"all that etcd said before stays in force until this is mended: {vital}";

    private void Tell(string[] problems)
    {
        foreach (string problem in problems)
            if (!told.Contains(problem)) Log.Misconfigured(log, problem);
        told.Clear();
        told.UnionWith(problems);
    }
}
