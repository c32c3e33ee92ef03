using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Bgp;
using Canal.Hosting;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Looks at one BIRD process: tells what changed, starts it where that is this program's part, and hands it the file anew when it came back.</summary>
internal sealed class DaemonWatch(BirdDaemon daemon, bool startsBird, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SessionEvents events = new(log);
    private readonly Trouble starting = new($"starting {daemon.Dialect.Title}", Log.FailureKind, time, log);
    private string? toldSilence;
    private bool runs, toldStart;

    /// <summary>The process as last seen.</summary>
    public DaemonView Seen { get; private set; } = new(daemon.Dialect, null, "it was not asked yet");

    public async Task LookAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool isConfigured, CancellationToken stop)
    {
        BirdView? before = Seen.View, now = await ReadAsync(stop).ConfigureAwait(false);
        Seen = Seen with { View = now };
        if (now is null) await MissAsync(wanted, isConfigured || daemon.File.Exists, stop).ConfigureAwait(false);
        else await MeetAsync(before, now, wanted, stop).ConfigureAwait(false);
    }

    private async Task MissAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool fileIsThere, CancellationToken stop)
    {
        if (toldSilence != Seen.Silence) Log.BirdIsSilent(log, Seen.Silence);
        toldSilence = Seen.Silence;
        // One that runs and does not answer may well go on speaking with its neighbours.
        if (!runs) events.Lose(wanted);
        if (startsBird && fileIsThere && starting.MayTry) await StartAsync(stop).ConfigureAwait(false);
    }

    private async Task MeetAsync(BirdView? before, BirdView now, IReadOnlyDictionary<string, BgpSession> wanted, CancellationToken stop)
    {
        (toldSilence, runs, toldStart) = (null, true, false);
        bool isNew = before is null || before.LastReboot != now.LastReboot;
        // A new one may have started from the file before the last one.
        if (isNew || daemon.File.IsUnread) await ConfigureAsync(stop).ConfigureAwait(false);
        if (isNew) Log.BirdAnswers(log, daemon.Dialect.Title, now.Version, now.Sessions.Values.Count(s => s.IsEstablished), now.Sessions.Count);
        events.See(now.Sessions, wanted);
    }

    /// <summary>One that does not answer is told again at the next look.</summary>
    private async Task ConfigureAsync(CancellationToken stop)
    {
        string? before = daemon.File.Refusal;
        if (await daemon.File.ConfigureAsync(stop).ConfigureAwait(false) is { } refusal && refusal != before) Log.Refusal(log, refusal);
    }

    /// <summary>Its routes as it prints them.</summary>
    /// <param name="command">Shows them.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<ControlResponse> RoutesAsync(string command, CancellationToken stop)
    {
        try
        {
            BirdReply reply = await BirdSocket.AskOnceAsync(daemon.Socket, Patience, stop, "restrict", command).ConfigureAwait(false);
            // 8001: nothing is there, which is an answer too.
            return reply.Error is { Code: not 8001 } error ? ControlResponse.Failed($"BIRD: {error.Text}") : ControlResponse.Ok(string.Concat(reply.Lines.Where(l => l.Code == 1007).Select(l => $"{l.Text}\n")));
        }
        catch (IOException e)
        {
            return ControlResponse.Failed(e.Message);
        }
    }

    private async Task<BirdView?> ReadAsync(CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            return await BirdView.ReadAsync(daemon.Socket, patience.Token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            (Seen, runs) = (Seen with { Silence = e.Message }, false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            Seen = Seen with { Silence = $"BIRD does not answer on {daemon.Socket} within {Patience.TotalSeconds} s" };
        }
        return null;
    }

    /// <summary>Told once until it answers, a failure when its reason is another: one that hangs would otherwise be told of at every look.</summary>
    private async Task StartAsync(CancellationToken stop)
    {
        if (!toldStart) Log.BirdStarts(log, daemon.Dialect.Title);
        toldStart = true;
        starting.Note(await daemon.Program.StartAsync(stop).ConfigureAwait(false));
    }
}
