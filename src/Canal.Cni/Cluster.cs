using System.Collections.Immutable;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary>The cluster's data, for one call. Nothing is connected before the first request.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    // A runtime waits, and other containers with it: one dead member should not cost more than this.
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2), LongestRequest = TimeSpan.FromSeconds(10);

    private readonly EtcdChannel channel;

    public Cluster(Configuration configuration)
    {
        Configuration = configuration;
        string password = configuration.Get(CommonSettings.EtcdPasswordFile);
        channel = new EtcdChannel(new EtcdOptions
        {
            Endpoints = configuration.Get(CommonSettings.EtcdEndpoints),
            CaFile = configuration.Get(CommonSettings.EtcdCaFile),
            CertFile = configuration.Get(CommonSettings.EtcdCertFile),
            KeyFile = configuration.Get(CommonSettings.EtcdKeyFile),
            Username = configuration.Get(CommonSettings.EtcdUsername),
            Password = password.Length == 0 ? null : SecretFile.Read(password, ImmutableDictionary<string, string>.Empty).Text,
            ConnectTimeout = LongestConnect,
            RequestTimeout = LongestRequest,
        }, TimeProvider.System);
        Etcd = new EtcdStore(channel);
        Ipam = new IpamStore(Etcd, TimeProvider.System, Random.Shared);
    }

    public Configuration Configuration { get; }

    public string Node => Configuration.Get(CommonSettings.NodeName);

    public EtcdStore Etcd { get; }

    public IpamStore Ipam { get; }

    private PendingDeletes Pending => new(Etcd, Ipam, Path.Combine(Configuration.Get(CniSettings.StateDirectory), "pending"));

    public ValueTask DisposeAsync()
    {
        Ipam.Dispose();
        return channel.DisposeAsync();
    }

    /// <summary>Deletes what a container had, now or, while etcd is away, with the next call that finds it there.</summary>
    public Task DeleteAsync(PendingDelete what, CancellationToken stop) => DeleteAsync(what, Task.CompletedTask, stop);

    /// <inheritdoc cref="PendingDeletes.DeleteAsync"/>
    public async Task DeleteAsync(PendingDelete what, Task interfaceGone, CancellationToken stop)
    {
        if (await Pending.DeleteAsync(what, interfaceGone, stop) is { } reason) await Console.Error.WriteLineAsync($"canal: {reason}; {what.HandleId ?? what.ContainerId} is deleted later");
    }

    /// <summary>Deletes what could not be deleted before.</summary>
    public Task CatchUpAsync(CancellationToken stop) => Pending.CatchUpAsync(stop);

    /// <summary>Reads keys at one revision, and refuses to go on while the datastore is locked, as for a migration.</summary>
    /// <returns>What there is, by key.</returns>
    public async Task<Dictionary<string, EtcdEntry>> ReadAsync(IEnumerable<ResourceKey> keys, CancellationToken stop)
    {
        return await EndpointRecord.ReadAsync(Etcd, keys, stop)
            ?? throw new CniException(CniCode.TryLater, "the cluster is not ready: ClusterInformation default does not say datastoreReady", "canalctl init makes a new one ready");
    }
}
