using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Linux.Netlink;
using Serilog;
using InterfaceAddress = Canal.Core.Resources.InterfaceAddress;

namespace Canal.Hosting;

/// <summary>
/// Sees to it that this host has a Node with its addresses: at the start, and again when it is gone. Compiled into each daemon; whichever of a host's daemons
/// comes first makes it, and none changes what is there. A task of its own: a slow etcd holds up nothing else.
/// </summary>
internal sealed class NodeRegistration : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly string ClusterKey = new ResourceKey(ResourceKind.ClusterInformation, null, "default").ToEtcdKey();

    private readonly EtcdStore etcd;
    private readonly NodeStore nodes;
    private readonly string node;
    private readonly AddressDetection[] methods;
    private readonly bool isWanted;
    private readonly LogEventKind kind;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Trouble trouble;
    private readonly SemaphoreSlim missed = new(0, 1);
    private bool lacksAddress;

    /// <param name="etcd">Where the Node is.</param>
    /// <param name="configuration">Says its name, and how addresses are found.</param>
    /// <param name="kind">Of what is told of the Node.</param>
    /// <param name="failure">Of what is told when it cannot be completed.</param>
    /// <param name="time">For pauses.</param>
    /// <param name="log">Where it is told.</param>
    public NodeRegistration(EtcdStore etcd, Configuration configuration, LogEventKind kind, LogEventKind failure, TimeProvider time, ILogger log)
    {
        (this.etcd, this.kind, this.time, this.log) = (etcd, kind, time, log);
        nodes = new NodeStore(etcd, time);
        node = configuration.Get(CommonSettings.NodeName);
        isWanted = configuration.Get(CommonSettings.NodeRegistration);
        methods = [Parsed(configuration.Get(CommonSettings.Ipv4Detection)), Parsed(configuration.Get(CommonSettings.Ipv6Detection))];
        trouble = new Trouble("completing this host's Node", failure, time, log);
    }

    /// <summary>Only where the datastore is that of a cluster with Nodes; looked at every few minutes, since nobody tells.</summary>
    public bool OnlyInCluster { get; init; }

    /// <summary>The Node is gone; called by the loop.</summary>
    public void Miss()
    {
        if (missed.CurrentCount == 0) missed.Release();
    }

    /// <summary>Completes the Node until stopped; what fails is told and tried again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!isWanted) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        while (true)
        {
            bool done = await TryAsync(stop).ConfigureAwait(false);
            // Some daemons start before the network: an address may be still to come.
            await missed.WaitAsync(!done || lacksAddress ? Pause : OnlyInCluster ? Interval : Timeout.InfiniteTimeSpan, stop).ConfigureAwait(false);
        }
    }

    public void Dispose() => missed.Dispose();

    private static AddressDetection Parsed(string text) => AddressDetection.TryParse(text, out AddressDetection? method, out string problem) ? method : throw new ArgumentException(problem, nameof(text));

    private async Task<bool> TryAsync(CancellationToken stop)
    {
        try
        {
            if (!OnlyInCluster || await IsClusterAsync(stop).ConfigureAwait(false)) await RegisterAsync(stop).ConfigureAwait(false);
            trouble.Note(null);
            return true;
        }
        catch (Exception e) when (e is EtcdException or IpamException or NetlinkException)
        {
            trouble.Note(e.Message);
            return false;
        }
    }

    /// <summary>A datastore that does not let this program see whether there is one has none for it.</summary>
    private async Task<bool> IsClusterAsync(CancellationToken stop)
    {
        try
        {
            return (await etcd.GetAsync(ClusterKey, stop).ConfigureAwait(false)).Entry is not null;
        }
        catch (EtcdException e) when (e.Failure == EtcdFailure.PermissionDenied)
        {
            return false;
        }
    }

    private async Task RegisterAsync(CancellationToken stop)
    {
        List<InterfaceAddress> found = [];
        List<IpFamily> missing = [];
        DetectedInterface[] interfaces = HostAddresses.Interfaces();
        foreach ((AddressDetection method, IpFamily family) in methods.Zip([IpFamily.V4, IpFamily.V6]))
        {
            if (method.Choose(interfaces, family, method.Destination is { } destination ? HostAddresses.SourceTo(destination) : null) is { } address) found.Add(address);
            else if (!method.IsNone) missing.Add(family);
        }
        (bool written, NodeDraft now) = await nodes.RegisterAsync(node, found, stop).ConfigureAwait(false);
        if (written) log.Of(kind).Information("Node {Node} is completed: {Addresses}", node, found.Count > 0 ? string.Join(", ", found) : "without an address");
        missing.RemoveAll(now.HasHostAddress);
        if (!lacksAddress) missing.ForEach(TellMissing);
        lacksAddress = missing.Count > 0;
    }

    private void TellMissing(IpFamily family) =>
        log.Of(kind).Warning("no interface has an IPv{Family} address that others could reach this host by: see ip_autodetection_method and ip6_autodetection_method", (int)family);
}
