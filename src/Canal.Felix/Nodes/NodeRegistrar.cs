using System.Net;
using System.Net.Sockets;
using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Datastore;
using Canal.Hosting;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Serilog;
using InterfaceAddress = Canal.Core.Resources.InterfaceAddress;

namespace Canal.Felix.Nodes;

/// <summary>
/// Sees to it that this host has a Node with what others need to reach it: its addresses at the start and when somebody has deleted it, tunnels'
/// addresses when a pool asks for them. A task of its own: neither a slow etcd nor a pool without addresses holds up enforcement.
/// </summary>
internal sealed class NodeRegistrar : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyPause = TimeSpan.FromMilliseconds(500);

    private readonly IpamStore ipam;
    private readonly NodeStore nodes;
    private readonly string node;
    private readonly AddressDetection[] methods;
    private readonly bool isWanted;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Trouble trouble;
    private readonly SemaphoreSlim asked = new(0, 1);
    private readonly Trouble publishing;
    private readonly SemaphoreSlim keysAsked = new(0, 1);
    private bool lacksAddress;
    private volatile bool isMissed = true;
    private volatile IReadOnlyList<TunnelAddress> tunnels = [];
    private volatile WireGuardKeys keys = new("", "");

    public NodeRegistrar(EtcdStore etcd, Hosting.Configuration configuration, TimeProvider time, ILogger log)
    {
        (this.time, this.log) = (time, log);
        ipam = new IpamStore(etcd, time, new Random());
        nodes = new NodeStore(etcd, ipam, time);
        node = configuration.Get(CommonSettings.NodeName);
        isWanted = configuration.Get(NodeSettings.NodeRegistration);
        methods = [Parsed(configuration.Get(NodeSettings.Ipv4Detection)), Parsed(configuration.Get(NodeSettings.Ipv6Detection))];
        trouble = new Trouble("completing this host's Node", Log.ProgrammingFailed, time, log);
        publishing = new Trouble("publishing this host's WireGuard key", Log.ProgrammingFailed, time, log);
    }

    /// <summary>The Node is gone; called by the loop.</summary>
    public void Miss()
    {
        isMissed = true;
        if (asked.CurrentCount == 0) asked.Release();
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

    private async Task WriteKeysAsync(CancellationToken stop)
    {
        WireGuardKeys wanted = keys;
        if (await nodes.PublishKeysAsync(node, wanted.V4, wanted.V6, stop).ConfigureAwait(false)) Log.KeysPublished(log, node, wanted);
    }

    /// <summary>Completes the Node until stopped; what fails is told and tried again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!isWanted) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        bool wanted = false;
        while (true)
        {
            if (isMissed || lacksAddress) await CompleteAsync(stop).ConfigureAwait(false);
            while (wanted && !await TryAsync(trouble, AssignAsync, stop).ConfigureAwait(false)) await Task.Delay(Pause, time, stop).ConfigureAwait(false);
            // This program starts before the network: an address may be still to come.
            wanted = await asked.WaitAsync(isMissed || lacksAddress ? Pause : Timeout.InfiniteTimeSpan, stop).ConfigureAwait(false);
        }
    }

    private async Task CompleteAsync(CancellationToken stop)
    {
        isMissed = false;
        if (!await TryAsync(trouble, RegisterAsync, stop).ConfigureAwait(false)) isMissed = true;
    }

    public void Dispose()
    {
        ipam.Dispose();
        asked.Dispose();
        keysAsked.Dispose();
    }

    private static AddressDetection Parsed(string text) => AddressDetection.TryParse(text, out AddressDetection? method, out string problem) ? method : throw new ArgumentException(problem, nameof(text));

    private static async Task<bool> TryAsync(Trouble trouble, Func<CancellationToken, Task> what, CancellationToken stop)
    {
        try
        {
            await what(stop).ConfigureAwait(false);
            trouble.Note(null);
            return true;
        }
        catch (Exception e) when (e is EtcdException or IpamException or NetlinkException)
        {
            trouble.Note(e.Message);
            return false;
        }
    }

    private async Task RegisterAsync(CancellationToken stop)
    {
        List<InterfaceAddress> found = [];
        List<IpFamily> missing = [];
        DetectedInterface[] interfaces = Interfaces();
        foreach ((AddressDetection method, IpFamily family) in methods.Zip([IpFamily.V4, IpFamily.V6]))
        {
            if (method.Choose(interfaces, family, method.Destination is { } destination ? SourceTo(destination) : null) is { } address) found.Add(address);
            else if (!method.IsNone) missing.Add(family);
        }
        (bool written, NodeDraft now) = await nodes.RegisterAsync(node, found, stop).ConfigureAwait(false);
        if (written) Log.Registered(log, node, string.Join(", ", found));
        missing.RemoveAll(now.HasHostAddress);
        if (!lacksAddress)
            foreach (IpFamily family in missing) Log.NoHostAddress(log, family);
        lacksAddress = missing.Count > 0;
    }

    private async Task AssignAsync(CancellationToken stop)
    {
        foreach (TunnelAddress tunnel in tunnels)
            if (await nodes.AddTunnelAddressAsync(node, tunnel, stop).ConfigureAwait(false) is { } address) Log.TunnelAddressed(log, node, tunnel.Type, address.ToString());
    }

    private static DetectedInterface[] Interfaces()
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        ILookup<int, Linux.Routing.InterfaceAddress> addresses = stack.Addresses().ToLookup(a => a.Interface);
        return [.. stack.Links().OrderBy(link => link.Index).Select(link => new DetectedInterface(link.Name, link.IsAdminUp, link.Name == "lo",
            [.. addresses[link.Index].Where(a => !a.IsTentative && !a.IsTemporary && !a.IsDeprecated).Select(a => new InterfaceAddress(a.Address, a.PrefixLength))]))];
    }

    /// <summary>Connecting a datagram socket sends nothing and tells which address the kernel would send from.</summary>
    private static IpAddress? SourceTo(IpAddress destination)
    {
        try
        {
            using Socket socket = new(destination.Family == IpFamily.V4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(IPAddress.Parse(destination.ToString()), 9);
            return IpAddress.FromBytes(((IPEndPoint)socket.LocalEndPoint!).Address.GetAddressBytes());
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
