using Canal.Core.Flannel;
using Canal.Datastore;
using Canal.FlannelBridge.Configuration;
using Canal.FlannelBridge.Leases;
using Canal.FlannelBridge.Telling;
using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>
/// The loop of a host that has a real flanneld: it reads what that leaves in subnet.env and in etcd, tells it on to container runtimes and to canal-felix,
/// and changes nothing of flanneld's.
/// </summary>
internal sealed class BesideLoop(HostingConfiguration initial, Inbox<BridgeMessage> inbox, TimeProvider time, ILogger log)
{
    /// <summary>flanneld writes its file when it starts; nobody tells of it.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private HostingConfiguration settings = initial;
    private DateTimeOffset nextLook;
    private SubnetFile? told;
    private string? toldText;

    public required LeaseFeed Feed { get; init; }
    public required TextFile SubnetFile { get; init; }
    public required HostTelling Telling { get; init; }
    public required Heartbeat Heart { get; init; }

    /// <summary>Reads the configuration files anew.</summary>
    public required Func<ConfigurationResult> ReadConfiguration { get; init; }

    /// <summary>Takes the new log level in.</summary>
    public required Action<HostingConfiguration> Configured { get; init; }

    /// <summary>Told on every turn whether flanneld has told its subnet, and it was told on.</summary>
    public required Action<bool> Readied { get; init; }

    private bool IsInForce => told is not null && Telling.Cni.IsWritten;

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
            while (inbox.TryTake(out BridgeMessage? message)) Take(message!);
            foreach ((string key, string reason) in Feed.TakeReports()) Log.Value(log, key, reason);
            if (time.GetUtcNow() >= nextLook) Look();
            if (told is not null) Telling.Tell(told, NatOutgoing(told), () => inbox.PutAsync(new BridgeMessage.Outcome(), stop).AsTask(), stop);
            Heart.Beat(IsInForce, IsInForce && Telling.Reasons.All(r => r is null));
            Readied(IsInForce);
        }
    }

    /// <summary>One owner: where flanneld translates, canal-felix does not.</summary>
    private bool NatOutgoing(SubnetFile file) => settings.Get(BridgeSettings.Masquerade) == Masquerade.Felix && !file.Masquerade;

    private void Look()
    {
        nextLook = time.GetUtcNow() + Interval;
        if (SubnetFile.Read() is not { } text || text == toldText) return;
        toldText = text;
        Core.Flannel.SubnetFile file = Core.Flannel.SubnetFile.Read(text);
        if (file.Subnet is not { } subnet || (file.Networks.IsEmpty && file.V6Networks.IsEmpty))
        {
            Log.Value(log, settings.Get(BridgeSettings.SubnetFile), "it tells no subnet and network; the one before stays in force");
            return;
        }
        Log.Leased(log, subnet.ToString(), told?.Subnet?.ToString());
        told = file;
    }

    private void Take(BridgeMessage message)
    {
        switch (message)
        {
            case BridgeMessage.Datastore { Batch: var batch }:
                if (batch is WatchBatch.Connected connected) Log.Connected(log, connected.Endpoint);
                else if (batch is WatchBatch.Lost lost) Log.Lost(log, lost.Reason);
                Feed.Accept(batch);
                break;
            case BridgeMessage.Request { Word: "reload" } request:
                request.Answer.TrySetResult(Reloading.Run(Heart, ReadConfiguration, Use, log));
                break;
            case BridgeMessage.Request request:
                request.Answer.TrySetResult(ControlResponse.Ok(Status()));
                break;
            default:
                break; // Only wakes the loop.
        }
    }

    private void Use(HostingConfiguration configuration)
    {
        settings = configuration;
        Configured(configuration);
    }

    private string Status()
    {
        HeldLease? own = told?.Subnet is { } subnet ? Feed.Leases.Values.FirstOrDefault(l => l.Subnet == subnet) : null;
        string lines = string.Concat(Feed.Leases.Values.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"host {l.Subnet}: {l.Lease.Describe()}{(l.IsReservation ? ", reserved" : "")}\n"));
        string refused = string.Concat(Feed.Refused.Select(r => $"not used: {r.Key}: {r.Value}\n")), failing = string.Concat(Telling.Reasons.OfType<string>().Select(r => $"failing: {r}\n"));
        return $"""
            ready: {(IsInForce ? "yes" : "no")}
            beside: flanneld
            subnet: {told?.Subnet?.ToString() ?? $"none, {settings.Get(BridgeSettings.SubnetFile)} does not tell one"}
            lease: {(own is null ? "not in etcd" : own.Lease.Describe())}
            translation: {(told is null ? "not known" : told.Masquerade ? "by flanneld" : NatOutgoing(told) ? "by canal-felix" : "none")}
            {failing}{refused}{lines}
            """;
    }

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = nextLook;
        foreach (DateTimeOffset? due in Telling.Due)
            if (due < next) next = due.Value;
        TimeSpan wait = next - now;
        if (Heart.UntilWatchdog < wait) wait = Heart.UntilWatchdog;
        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);
    }
}
