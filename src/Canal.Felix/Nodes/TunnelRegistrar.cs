using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;

namespace Canal.Felix.Nodes;

/// <summary>
/// Writes into this host's Node what others need to know of its tunnels: their addresses as the pools ask for them, and public keys. Tasks of their own:
/// neither a slow etcd nor a pool without addresses holds up enforcement.
/// </summary>
internal sealed class TunnelRegistrar : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>How long an address that the Node does not have any more stays assigned: until then this host's device, and other hosts' routes, may have it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan KeyPause = TimeSpan.FromMilliseconds(500);

    private readonly IpamStore ipam;
    private readonly NodeStore nodes;
    private readonly string node;
    private readonly bool isWanted;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Trouble assigning, publishing;
    private readonly Dictionary<ReleaseTarget, DateTimeOffset> strays = [];
    private readonly SemaphoreSlim asked = new(0, 1);
    private readonly SemaphoreSlim keysAsked = new(0, 1);
    private volatile WantedTunnels? tunnels;
    private volatile WireGuardKeys keys = new("", "");

    public TunnelRegistrar(EtcdStore etcd, Hosting.Configuration configuration, TimeProvider time, ILogger log)
    {
        (this.time, this.log) = (time, log);
        ipam = new IpamStore(etcd, time, new Random());
        nodes = new NodeStore(etcd, time);
        node = configuration.Get(CommonSettings.NodeName);
        isWanted = configuration.Get(CommonSettings.NodeRegistration);
        assigning = new Trouble("completing this host's Node with its tunnels' addresses", Log.ProgrammingFailed, time, log);
        publishing = new Trouble("publishing this host's WireGuard key", Log.ProgrammingFailed, time, log);
    }

    /// <summary>The Node's tunnels, or what decides of their addresses, are these; null: there is no Node. Called by the loop, with what is complete.</summary>
    public void Want(WantedTunnels? wanted)
    {
        if (tunnels == wanted) return;
        tunnels = wanted;
        if (wanted is not null && asked.CurrentCount == 0) asked.Release();
    }

    /// <summary>The Node does not tell these keys, and should; called by the loop.</summary>
    public void Publish(WireGuardKeys wanted)
    {
        keys = wanted;
        if (keysAsked.CurrentCount == 0) keysAsked.Release();
    }

    /// <summary>Makes addresses right until stopped; what fails is told and tried again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!isWanted) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        bool again = false;
        while (true)
        {
            await WaitAsync(again, stop).ConfigureAwait(false);
            again = !await TryAsync(assigning, FitAsync, stop).ConfigureAwait(false) || strays.Count > 0;
        }
    }

    /// <summary>Until something changed, or it is time to look again.</summary>
    private async Task WaitAsync(bool again, CancellationToken stop)
    {
        using CancellationTokenSource up = new(again ? Pause : Timeout.InfiniteTimeSpan, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(up.Token, stop);
        try
        {
            await asked.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Publishes keys until stopped, also where the Node is otherwise another's affair: nobody else knows them.</summary>
    public async Task PublishAsync(CancellationToken stop)
    {
        while (true)
        {
            await keysAsked.WaitAsync(stop).ConfigureAwait(false);
            while (!await TryAsync(publishing, WriteKeysAsync, stop).ConfigureAwait(false)) await Task.Delay(Pause, time, stop).ConfigureAwait(false);
            // Whoever writes another key each time is not answered faster than that.
            await Task.Delay(KeyPause, time, stop).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        ipam.Dispose();
        asked.Dispose();
        keysAsked.Dispose();
    }

    private static async Task<bool> TryAsync(Trouble trouble, Func<CancellationToken, Task> what, CancellationToken stop)
    {
        try
        {
            await what(stop).ConfigureAwait(false);
            trouble.Note(null);
            return true;
        }
        catch (Exception e) when (e is EtcdException or IpamException)
        {
            trouble.Note(e.Message);
            return false;
        }
    }

    private WantedTunnel[] All => [.. tunnels?.Tunnels ?? default];

    /// <summary>One tunnel that gets no address holds up no other.</summary>
    private async Task FitAsync(CancellationToken stop)
    {
        List<string> problems = [];
        foreach (WantedTunnel one in All)
        {
            try
            {
                if (await nodes.FitTunnelAddressAsync(node, one.Tunnel, one.Demand, ipam, stop).ConfigureAwait(false) is { } change) Log.TunnelAddressed(log, node, change);
            }
            catch (IpamException e)
            {
                problems.Add(e.Message);
            }
        }
        await ReleaseAsync(stop).ConfigureAwait(false);
        if (problems.Count > 0) throw new IpamException(string.Join("; ", problems.Distinct()));
    }

    /// <summary>Gives back what the Node has not had for the grace: it may also be an allocator's that is about to write it there.</summary>
    private async Task ReleaseAsync(CancellationToken stop)
    {
        HashSet<ReleaseTarget> found = [];
        foreach (WantedTunnel one in All) found.UnionWith(await nodes.StrayTunnelAddressesAsync(node, one.Tunnel, ipam, stop).ConfigureAwait(false));
        foreach (ReleaseTarget used in strays.Keys.Except(found).ToArray()) strays.Remove(used);
        DateTimeOffset now = time.GetUtcNow();
        foreach (ReleaseTarget stray in found) strays.TryAdd(stray, now);
        ReleaseTarget[] due = [.. found.Where(stray => now - strays[stray] >= Grace)];
        if (due.Length == 0) return;
        foreach (IpAddress address in (await ipam.ReleaseAsync(due, stop).ConfigureAwait(false)).Released) Log.TunnelReleased(log, node, address);
        foreach (ReleaseTarget stray in due) strays.Remove(stray);
    }

    private async Task WriteKeysAsync(CancellationToken stop)
    {
        WireGuardKeys wanted = keys;
        if (await nodes.PublishKeysAsync(node, wanted.V4, wanted.V6, stop).ConfigureAwait(false)) Log.KeysPublished(log, node, wanted);
    }
}
