using System.CommandLine;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The way to the resources, for one run.</summary>
internal sealed class Connection : IAsyncDisposable
{
    // A host that is not there should not cost the operator more than this, whatever the patience with one that is slow.
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2);

    private static readonly ConfigurationSchema Schema = new("ctl", []);

    private readonly EtcdChannel channel;

    private Connection(EtcdChannel channel)
    {
        this.channel = channel;
        Etcd = new EtcdStore(channel);
        Resources = new ResourceStore(Etcd);
        Authority = new EtcdAuthority(channel);
    }

    public EtcdStore Etcd { get; }

    public ResourceStore Resources { get; }

    /// <summary>etcd's users and roles.</summary>
    public EtcdAuthority Authority { get; }

    /// <summary>Reads the configuration, and asks DNS where it says that etcd is found so; nothing is connected yet.</summary>
    /// <exception cref="CommandException">The configuration cannot be used, or DNS does not answer.</exception>
    public static async Task<Connection> OpenAsync(ParseResult parsed, GlobalOptions options, Surroundings around, CancellationToken stop)
    {
        TimeSpan timeout = options.Timeout(parsed);
        Configuration configuration = Load(options.Etcd(parsed), options.ConfigDirectory(parsed, around), around);
        EtcdOptions etcd = await EtcdAccess.ChooseAsync(configuration, options.CalicoctlFile(parsed), timeout, around, stop) with
        {
            ConnectTimeout = timeout < LongestConnect ? timeout : LongestConnect,
            RequestTimeout = timeout,
        };
        return new Connection(new EtcdChannel(etcd, around.Time));
    }

    /// <summary>Follows what happens to keys.</summary>
    public EtcdWatcher Watcher(KeyRange range, TimeProvider time) => new(channel, [range], new EtcdWatcherOptions(), time, new Random());

    /// <summary>What this host is called in the cluster.</summary>
    /// <exception cref="CommandException">The configuration cannot be used.</exception>
    public static string NodeName(ParseResult parsed, GlobalOptions options, Surroundings around) =>
        Load([], options.ConfigDirectory(parsed, around), around).Get(CommonSettings.NodeName);

    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private static Configuration Load(IReadOnlyList<string> endpoints, string directory, Surroundings around)
    {
        ConfigurationSources sources = ConfigurationSources.FromProcess(directory, endpoints.Count == 0
            ? [] : [new ConfigurationFlag("--etcd", CommonSettings.EtcdEndpoints.Key, string.Join(',', endpoints))]) with
        {
            Environment = around.Environment,
        };
        ConfigurationResult result = ConfigurationLoader.Load(Schema, sources);
        return result.Configuration ?? throw new CommandException(ExitCode.Configuration, result.ErrorText().TrimEnd('\n'));
    }
}
