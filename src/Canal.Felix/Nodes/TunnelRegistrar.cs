using Canal.Core.Nodes;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;

namespace Canal.Felix.Nodes;

/// <summary>
/// Writes into this host's Node what others need to know of its tunnels: their addresses when a pool asks for them, and public keys. Tasks of their own:
/// neither a slow etcd nor a pool without addresses holds up enforcement.
/// </summary>
internal sealed class TunnelRegistrar : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyPause = TimeSpan.FromMilliseconds(500);

    private readonly IpamStore ipam;
    private readonly NodeStore nodes;
    private readonly string node;
    private readonly bool isWanted;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Trouble assigning, publishing;
    private readonly SemaphoreSlim asked = new(0, 1);
    private readonly SemaphoreSlim keysAsked = new(0, 1);
    private volatile IReadOnlyList<TunnelAddress> tunnels = [];
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

    /// <summary>These tunnels need an address; called by the loop.</summary>
    public void Want(IReadOnlyList<TunnelAddress> wanted)
    {
        if (wanted.Count == 0 && tunnels.Count == 0) return;
        tunnels = wanted;
        if (wanted.Count > 0 && asked.CurrentCount == 0) asked.Release();
    }

    /// <summary>The Node does not tell these keys, and should; called by the loop.</summary>
    public void Publish(WireGuardKeys wanted)
    {
        keys = wanted;
        if (keysAsked.CurrentCount == 0) keysAsked.Release();
    }

    /// <summary>Assigns addresses until stopped; what fails is told and tried again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!isWanted) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        while (true)
        {
            await asked.WaitAsync(stop).ConfigureAwait(false);
            while (!await TryAsync(assigning, AssignAsync, stop).ConfigureAwait(false)) await Task.Delay(Pause, time, stop).ConfigureAwait(false);
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

    private async Task AssignAsync(CancellationToken stop)
    {
        foreach (TunnelAddress tunnel in tunnels)
            if (await nodes.AddTunnelAddressAsync(node, tunnel, ipam, stop).ConfigureAwait(false) is { } address) Log.TunnelAddressed(log, node, tunnel.Type, address.ToString());
    }

    private async Task WriteKeysAsync(CancellationToken stop)
    {
        WireGuardKeys wanted = keys;
        if (await nodes.PublishKeysAsync(node, wanted.V4, wanted.V6, stop).ConfigureAwait(false)) Log.KeysPublished(log, node, wanted);
    }
}
