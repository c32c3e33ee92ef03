using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;

namespace Canal.FlannelBridge.Telling;

/// <summary>
/// Keeps the IPPools of the network in etcd, for canal-felix. Every host of the network writes the same, whoever is first. Runs beside the loop.
/// </summary>
/// <param name="store">etcd.</param>
/// <param name="name">The pool's name; that of IPv6 ends in <c>-ipv6</c>. Empty: there are none to keep.</param>
/// <param name="time">For pauses.</param>
/// <param name="log">Where to tell of trouble.</param>
internal sealed class PoolKeeper(EtcdStore store, string name, TimeProvider time, ILogger log)
{
    /// <summary>How often it is looked whether somebody changed them.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly Trouble trouble = new("keeping the IPPool of the network", Log.HostFailure, time, log);
    private Task? running;
    private (EquatableArray<Cidr> Networks, bool NatOutgoing)? done, underWay;
    private DateTimeOffset nextLook;

    /// <summary>Why it is not as it should be; null when it is.</summary>
    public string? Reason => trouble.Reason;

    /// <summary>When it is to be seen to again.</summary>
    public DateTimeOffset? NextStep => name.Length == 0 || running is not null ? null : trouble.RetryAt ?? (done is null ? null : nextLook);

    /// <summary>Takes what came of the last look, and begins the next if one is due.</summary>
    public void Step(EquatableArray<Cidr> networks, bool natOutgoing, Func<Task> woken, CancellationToken stop)
    {
        if (name.Length == 0) return;
        Take();
        if (running is not null || !trouble.MayTry || (done == (networks, natOutgoing) && time.GetUtcNow() < nextLook)) return;
        underWay = (networks, natOutgoing);
        running = WriteAsync(networks, natOutgoing, stop);
        _ = running.ContinueWith(_ => woken(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void Take()
    {
        if (running is not { IsCompleted: true } ended) return;
        running = null;
        if (ended.IsCompletedSuccessfully)
        {
            (done, nextLook) = (underWay, time.GetUtcNow() + Interval);
            trouble.Note(null);
            return;
        }
        Exception? failure = ended.Exception?.GetBaseException();
        if (failure is not (EtcdException or FlannelFormatException)) ended.GetAwaiter().GetResult();
        trouble.Note(failure!.Message);
    }

    private async Task WriteAsync(EquatableArray<Cidr> networks, bool natOutgoing, CancellationToken stop)
    {
        foreach (Cidr network in networks.ToArray()) await WriteAsync(network.Family == IpFamily.V4 ? name : $"{name}-ipv6", network, natOutgoing, stop).ConfigureAwait(false);
    }

    private async Task WriteAsync(string pool, Cidr network, bool natOutgoing, CancellationToken stop)
    {
        string key = FlannelPool.KeyOf(pool), now = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        EtcdEntry? present = (await store.GetAsync(key, stop).ConfigureAwait(false)).Entry;
        if (FlannelPool.Wanted(present?.Value, pool, network, natOutgoing, Guid.NewGuid().ToString(), now) is not { } wanted) return;
        // Another host's write in between says the same; the next look finds out.
        await store.CommitAsync(new EtcdTransaction().IfModRevision(key, present?.ModRevision ?? 0).Put(key, wanted), stop).ConfigureAwait(false);
    }
}
