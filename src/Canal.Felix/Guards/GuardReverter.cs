using System.Threading.Channels;
using Canal.Datastore;
using Serilog;

namespace Canal.Felix.Guards;

/// <summary>
/// Takes guarded changes back in etcd, for all hosts, when their time is up. A task of its own: etcd may be away, perhaps because of the very change. Every
/// agent tries, each a moment later than it could, and the first succeeds.
/// </summary>
internal sealed class GuardReverter(GuardStore store, TimeProvider time, Random chance, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<string> queue = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>The time of this guard is up.</summary>
    public void Want(string id) => queue.Writer.TryWrite(id);

    /// <summary>Runs until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (string id in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            for (bool done = false; !done;)
            {
                await Task.Delay(Pause * chance.NextDouble(), time, stop).ConfigureAwait(false);
                done = await TryAsync(id, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryAsync(string id, CancellationToken stop)
    {
        try
        {
            if (await store.RevertAsync(id, stop).ConfigureAwait(false) is { } restored) Log.Reverted(log, id, restored.Count);
            return true;
        }
        catch (EtcdException denied) when (denied.Failure == EtcdFailure.PermissionDenied)
        {
            // This host has taken the change back for itself; etcd is for one that may write policy, such as the administrator's.
            Log.NotReverted(log, id, denied.Message);
            return true;
        }
        catch (EtcdException)
        {
            await Task.Delay(Pause, time, stop).ConfigureAwait(false);
            return false; // Told by the watcher.
        }
    }
}
