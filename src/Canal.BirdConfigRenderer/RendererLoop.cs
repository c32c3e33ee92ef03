using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.BirdConfigRenderer.Status;
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

    private HostingConfiguration settings = initial;
    private TimeSpan pause = ShortestPause;
    private DateTimeOffset nextRender, nextLook, nextFiles;
    private int filesSignature;
    private string? failing;
    private bool toldOwnNode;

    public required BgpFeed Feed { get; init; }
    public required Renderer Renderer { get; init; }
    public required BirdWatch Watch { get; init; }
    public required BirdFile File { get; init; }
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

    public async Task RunAsync(CancellationToken stop)
    {
        LocalFiles files = FilesOf(settings);
        while (true)
        {
            await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
            while (inbox.TryTake(out RendererMessage? message))
                if (await TakeAsync(message!, stop).ConfigureAwait(false)) files = FilesOf(settings);
            await TurnAsync(files, stop).ConfigureAwait(false);
            Heart.Beat(Renderer.Configuration is not null, Renderer.Configuration is not null && failing is null && Renderer.Refusal is null && Watch.View is not null);
        }
    }

    private async Task TurnAsync(LocalFiles files, CancellationToken stop)
    {
        foreach (FeedReport report in Feed.TakeReports()) Log.Value(log, report);
        DateTimeOffset now = time.GetUtcNow();
        if (now >= nextFiles) LookAtFiles(files, now);
        if (Feed.IsDirty && now >= nextRender && MayRender()) await RenderAsync(files, stop).ConfigureAwait(false);
        if (now >= nextLook) await LookAsync(stop).ConfigureAwait(false);
        Reporter.Start(Feed.Statuses, Watch.View, Renderer.Sessions, stop);
    }

    /// <summary>Never from half a picture, and not without knowing who this host is when somebody has said it wrongly.</summary>
    private bool MayRender()
    {
        if (!Feed.IsComplete || Feed.IsMidSnapshot) return false;
        if (Feed.OwnNodeIsRefused && !toldOwnNode) Log.OwnNode(log);
        toldOwnNode = Feed.OwnNodeIsRefused;
        return !Feed.OwnNodeIsRefused;
    }

    private async Task RenderAsync(LocalFiles files, CancellationToken stop)
    {
        try
        {
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

    private void LookAtFiles(LocalFiles files, DateTimeOffset now)
    {
        nextFiles = now + FilesInterval;
        try
        {
            int signature = files.Signature();
            if (signature != filesSignature) Feed.IsDirty = true;
            filesSignature = signature;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Rendering reads the same files and tells what is wrong with them.
            Feed.IsDirty = true;
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        await Watch.LookAsync(Renderer.Sessions, Renderer.Configuration is not null || File.Read() is not null, stop).ConfigureAwait(false);
        nextLook = time.GetUtcNow() + settings.Get(RendererSettings.StatusInterval);
        Measured(Metrics.Of(Renderer, Watch.View));
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
                return false;
            case RendererMessage.Request { Word: "reload" } request:
                ControlResponse answer = Reload();
                request.Answer.TrySetResult(answer);
                return answer.Error is null;
            case RendererMessage.Request { Word: "restart-bird" } request:
                Log.BirdRestarts(log);
                string? refusal = await File.EndForRestartAsync(stop).ConfigureAwait(false);
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
                request.Answer.TrySetResult(ControlResponse.Ok(StatusText.Of(Feed, Renderer, Watch, failing)));
                return false;
            default:
                throw new InvalidOperationException($"unknown message {message}");
        }
    }

    private ControlResponse Reload()
    {
        Heart.Reloading();
        ConfigurationResult result = ReadConfiguration();
        if (result.Configuration is not null)
        {
            settings = result.Configuration;
            Configured(settings);
            Feed.IsDirty = true;
            Log.Settings(log, "read again");
        }
        else
        {
            Log.Settings(log, $"the new one is refused, the old one stays: {result.ErrorText()}");
        }
        Heart.Reloaded();
        return result.Configuration is not null ? ControlResponse.Ok() : ControlResponse.Failed("the new configuration is refused, the old one stays", result.ErrorText());
    }

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = nextFiles < nextLook ? nextFiles : nextLook;
        if (Feed.IsDirty && Feed.IsComplete && nextRender < next) next = nextRender;
        TimeSpan wait = next - now;
        if (Heart.UntilWatchdog < wait) wait = Heart.UntilWatchdog;
        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);
    }
}
