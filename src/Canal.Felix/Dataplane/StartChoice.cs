using System.Collections.Immutable;
using Canal.Felix.Configuration;
using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Dataplane;

/// <summary>
/// The settings that count from the start of the agent, which etcd may have too: they are written down, for a start does not wait for etcd, and the agent
/// ends, to be started again, when what they mean is not what it was started with.
/// </summary>
/// <param name="path">Where they are written down.</param>
/// <param name="inForce">What the agent was started with.</param>
/// <param name="open">What a configuration means; throws a <see cref="StartException"/> where it cannot be had.</param>
/// <param name="log">Told what cannot be had.</param>
internal sealed class StartChoice(string path, IPacketFilter inForce, Func<HostingConfiguration, IPacketFilter> open, ILogger log)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly SmallFile file = new("what etcd says of the dataplane, which counts from the next start,", path, Mode);
    private (DataplaneKind, IptablesBackend)? considered;

    /// <summary>Path of the file.</summary>
    public static string In(RuntimePaths paths) => Path.Combine(paths.State, "start");

    /// <summary>This configuration with what etcd said when the agent ran last, in the place of what it will say. A file that is not ours says nothing.</summary>
    public static HostingConfiguration WithKept(HostingConfiguration configuration, string path)
    {
        if (!File.Exists(path)) return configuration;
        ImmutableSortedDictionary<string, string>.Builder values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(path))
            if (line.Split(' ') is [var key, var value] && (key == IptablesSettings.Dataplane.Key || key == IptablesSettings.Backend.Key)) values[key] = value;
        return configuration.WithLayer(new ConfigurationLayer("what etcd said before this start", values.ToImmutable())).Configuration;
    }

    /// <summary>Looks at what is wanted now. Returns why the agent must be started again, or null.</summary>
    public string? Consider(HostingConfiguration effective)
    {
        (DataplaneKind Dataplane, IptablesBackend Backend) wanted = (effective.Get(IptablesSettings.Dataplane), effective.Get(IptablesSettings.Backend));
        if (wanted == considered) return null;
        considered = wanted;
        try
        {
            IPacketFilter meant = open(effective);
            if (file.Set($"{IptablesSettings.Dataplane.Key} {IptablesSettings.Dataplane.Format(wanted.Dataplane)}\n{IptablesSettings.Backend.Key} {IptablesSettings.Backend.Format(wanted.Backend)}\n") is string problem)
            {
                Log.Host(log, problem);
                return null;
            }
            return meant.Name == inForce.Name ? null : $"policy is to be programmed with {meant.Name} instead of {inForce.Name}: starting again; enforcement stays in place";
        }
        catch (StartException e)
        {
            Log.Misconfigured(log, $"policy stays programmed with {inForce.Name}: {e.Message}");
            return null;
        }
    }
}
