using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.BirdConfigRenderer.Status;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>The one loop that owns all state: take in what happened, render, look at BIRD, tell.</summary>
internal sealed class RendererLoop(HostingConfiguration initial, Inbox<RendererMessage> inbox, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FilesInterval = TimeSpan.FromSeconds(2);

    /// <summary>Many changes at once are one configuration; BIRD is given no more than this many a second.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);

    private readonly HostingConfiguration started = initial;
    private HostingConfiguration settings = initial;
    private TimeSpan pause = ShortestPause;
    private DateTimeOffset nextRender, nextLook, nextFiles;
    private int filesSignature;
    private string? failing;
    private string? held;
    private bool hadNode;

    public required BgpFeed Feed { get; init; }
    public required Renderer Renderer { get; init; }
    public required BirdWatch Watch { get; init; }
    public required NodeStatusReporter Reporter { get; init; }
    public required Heartbeat Heart { get; init; }

    /// <summary>Files of these settings.</summary>
    public required Func<HostingConfiguration, LocalFiles> FilesOf { get; init; }

    /// <summary>Reads the configuration files anew.</summary>
    public required Func<ConfigurationResult> ReadConfiguration { get; init; }

    /// <summary>Takes the new log level in.</summary>
    public required Action<HostingConfiguration> Configured { get; init; }

    /// <summary>Told BIRD's state whenever it was looked at.</summary>
    public required Action<Metrics> Measured { get; init; }

    /// <summary>Told that this host's Node, which was there, is gone.</summary>
    public Action NodeMissed { get; set; } = () => { };

    public async Task RunAsync(CancellationToken stop)
    {
        LocalFiles files = FilesOf(settings);
        while (true)
        {
            await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
            while (inbox.TryTake(out RendererMessage? message))
                if (await TakeAsync(message!, stop).ConfigureAwait(false)) files = FilesOf(settings);
            await TurnAsync(files, stop).ConfigureAwait(false);
            Heart.Beat(Renderer.Configuration is not null, IsHealthy);
        }
    }

    private bool IsHealthy => Renderer.Configuration is not null && failing is null && held is null && Renderer.Refusal is null && Watch.Refusal is null && Watch.Views.AllAnswer;

    /// <summary>Never from half a picture.</summary>
    private bool MayRender => Feed.IsDirty && Feed.IsComplete && !Feed.IsMidSnapshot;

    private async Task TurnAsync(LocalFiles files, CancellationToken stop)
    {
        foreach (FeedReport report in Feed.TakeReports()) Log.Value(log, report);
        foreach (AffinityReport report in Feed.TakeAffinityReports()) Log.Affinity(log, report);
        DateTimeOffset now = time.GetUtcNow();
        if (now >= nextFiles) LookAtFiles(files, now);
        if (MayRender && now >= nextRender) await RenderAsync(files, stop).ConfigureAwait(false);
        if (now >= nextLook) await LookAsync(stop).ConfigureAwait(false);
        Reporter.Start(Feed.Statuses, Watch.Views, Renderer.Sessions, stop);
    }

    private async Task RenderAsync(LocalFiles files, CancellationToken stop)
    {
        try
        {
            Renderer.Adopt();
            if (IsHeld()) return;
            await Renderer.RenderAsync(settings, files, stop).ConfigureAwait(false);
            Feed.IsDirty = false;
            nextRender = time.GetUtcNow() + Settling;
            if (failing is not null) Log.Recovered(log, "writing BIRD's configuration");
            (failing, pause) = (null, ShortestPause);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (failing != e.Message) Log.Failed(log, "writing BIRD's configuration", e.Message);
            failing = e.Message;
            nextRender = time.GetUtcNow() + pause;
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>
    /// Whether something is refused that must not count as absent: then the file on disk stays. What was good while this program runs stays in force anyway;
    /// this is about what an earlier run knew and this one cannot.
    /// </summary>
    private bool IsHeld()
    {
        IEnumerable<ResourceKey> missed = Feed.MissedSettings;
        if (Renderer is { Configuration: null, InForce: { } files }) missed = missed.Concat(Feed.MissedNeighbours(string.Concat(files))).Distinct();
        string text = string.Join(", ", missed.Select(k => k.ToString()).Order(StringComparer.Ordinal));
        if (text.Length > 0 && held != text) Log.Held(log, text);
        held = text.Length > 0 ? text : null;
        if (held is not null) nextRender = time.GetUtcNow() + FilesInterval;
        return held is not null;
    }

    private void LookAtFiles(LocalFiles files, DateTimeOffset now)
    {
        nextFiles = now + FilesInterval;
        int signature = files.Signature();
        if (signature != filesSignature) Feed.IsDirty = true;
        filesSignature = signature;
    }

    private async Task LookAsync(CancellationToken stop)
    {
        await Watch.LookAsync(Renderer.Sessions, Renderer.Configuration is not null, stop).ConfigureAwait(false);
        nextLook = time.GetUtcNow() + settings.Get(RendererSettings.StatusInterval);
        Measured(Metrics.Of(Renderer, Watch.Views));
    }

    /// <summary>True when the settings have changed.</summary>
    private async Task<bool> TakeAsync(RendererMessage message, CancellationToken stop)
    {
        switch (message)
        {
            case RendererMessage.Datastore { Batch: var batch }:
                if (batch is WatchBatch.Connected connected) Log.Connected(log, connected.Endpoint);
                else if (batch is WatchBatch.Lost lost) Log.Lost(log, lost.Reason);
                Feed.Accept(batch);
                if (hadNode && !Feed.HasNode) NodeMissed();
                hadNode = Feed.HasNode;
                if (held is not null) nextRender = time.GetUtcNow();
                return false;
            case RendererMessage.Request { Word: "reload" } request:
                ControlResponse answer = Reload();
                request.Answer.TrySetResult(answer);
                return answer.Error is null;
            case RendererMessage.Request { Word: "restart-bird" } request:
                Log.BirdRestarts(log);
                string? refusal = await Watch.EndForRestartAsync(stop).ConfigureAwait(false);
                request.Answer.TrySetResult(refusal is null ? ControlResponse.Ok() : ControlResponse.Failed(refusal));
                nextLook = time.GetUtcNow();
                return false;
            case RendererMessage.Request { Word: "peers" } request:
                request.Answer.TrySetResult(ControlResponse.Ok(StatusText.Peers(Renderer, Watch)));
                return false;
            case RendererMessage.Request { Word: "routes" } request:
                request.Answer.TrySetResult(await Watch.RoutesAsync(null, stop).ConfigureAwait(false));
                return false;
            case RendererMessage.Request request when request.Word.StartsWith(Requests.Routes, StringComparison.Ordinal):
                request.Answer.TrySetResult(await Watch.RoutesAsync(request.Word[Requests.Routes.Length..], stop).ConfigureAwait(false));
                return false;
            case RendererMessage.Request request:
                request.Answer.TrySetResult(ControlResponse.Ok(StatusText.Of(Feed, Renderer, Watch, failing ?? held)));
                return false;
            default:
                throw new InvalidOperationException($"unknown message {message}");
        }
    }

    private ControlResponse Reload()
    {
        Heart.Reloading();
        ConfigurationResult result = ReadConfiguration();
        string late = "";
        if (result.Configuration is not null)
        {
            late = RendererSettings.NeedsRestart(started, result.Configuration);
            settings = result.Configuration;
            Configured(settings);
            Feed.IsDirty = true;
            Log.Settings(log, late.Length > 0 ? $"read again; {late}" : "read again");
        }
        else
        {
            Log.Settings(log, $"the new one is refused, the old one stays: {result.ErrorText()}");
        }
        Heart.Reloaded();
        return result.Configuration is not null ? ControlResponse.Ok(late.Length > 0 ? $"{late}\n" : "") : ControlResponse.Failed("the new configuration is refused, the old one stays", result.ErrorText());
    }

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = nextFiles < nextLook ? nextFiles : nextLook;
        if (MayRender && nextRender < next) next = nextRender;
        TimeSpan wait = next - now;
        if (Heart.UntilWatchdog < wait) wait = Heart.UntilWatchdog;
        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);
    }
}
