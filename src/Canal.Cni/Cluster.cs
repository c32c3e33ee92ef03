using System.Collections.Immutable;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

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

    public ValueTask DisposeAsync()
    {
        Ipam.Dispose();
        return channel.DisposeAsync();
    }

    /// <summary>Reads keys at one revision, and refuses to go on while the datastore is locked, as for a migration.</summary>
    /// <returns>What there is, by key.</returns>
    public async Task<Dictionary<string, EtcdEntry>> ReadAsync(IEnumerable<ResourceKey> keys, CancellationToken stop)
    {
        ResourceKey ready = new(ResourceKind.ClusterInformation, null, "default");
        EtcdSnapshot snapshot = await Etcd.SnapshotAsync(keys.Append(ready).Select(key => KeyRange.Single(key.ToEtcdKey())), stop);
        Dictionary<string, EtcdEntry> found = snapshot.Entries.ToDictionary(entry => entry.KeyText);
        bool isReady = found.TryGetValue(ready.ToEtcdKey(), out EtcdEntry entry) && ResourceCodec.Decode(ready, entry.Value).Resource is ClusterInformation { DatastoreReady: true };
        return isReady ? found : throw new CniException(CniCode.TryLater, "the cluster is not ready: ClusterInformation default does not say datastoreReady", "canalctl init makes a new one ready");
    }
}
