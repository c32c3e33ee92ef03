using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Hosting;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Looks at BIRD from time to time: tells what changed, starts it where that is this program's part, and hands it the file anew when it came back.</summary>
internal sealed class BirdWatch(string socket, BirdFile file, BirdProgram program, bool startsBird, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SessionEvents events = new(log);
    private readonly Trouble starting = new("starting BIRD", Log.FailureKind, time, log);
    private string? toldSilence;
    private bool runs, toldStart;

    /// <summary>BIRD as last seen; null when it does not answer.</summary>
    public BirdView? View { get; private set; }

    /// <summary>Why it does not answer.</summary>
    public string Silence { get; private set; } = "it was not asked yet";

    public async Task LookAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool fileIsThere, CancellationToken stop)
    {
        BirdView? before = View;
        View = await ReadAsync(stop).ConfigureAwait(false);
        if (View is null) await MissAsync(wanted, fileIsThere, stop).ConfigureAwait(false);
        else await MeetAsync(before, View, wanted, stop).ConfigureAwait(false);
    }

    private async Task MissAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool fileIsThere, CancellationToken stop)
    {
        if (toldSilence != Silence) Log.BirdIsSilent(log, Silence);
        toldSilence = Silence;
        // One that runs and does not answer may well go on speaking with its neighbours.
        if (!runs) events.Lose(wanted);
        if (startsBird && fileIsThere && starting.MayTry) await StartAsync(stop).ConfigureAwait(false);
    }

    private async Task MeetAsync(BirdView? before, BirdView now, IReadOnlyDictionary<string, BgpSession> wanted, CancellationToken stop)
    {
        (toldSilence, runs, toldStart) = (null, true, false);
        bool isNew = before is null || before.LastReboot != now.LastReboot;
        // A new one may have started from the file before the last one.
        if (isNew || file.IsUnread) await ConfigureAsync(stop).ConfigureAwait(false);
        if (isNew) Log.BirdAnswers(log, now.Version, now.Sessions.Values.Count(s => s.IsEstablished), now.Sessions.Count);
        events.See(now.Sessions, wanted);
    }

    /// <summary>One that does not answer is told again at the next look.</summary>
    private async Task ConfigureAsync(CancellationToken stop)
    {
        string? before = file.Refusal;
        if ((await file.ConfigureAsync(stop).ConfigureAwait(false)).Refusal is { } refusal && refusal != before) Log.Refusal(log, refusal);
    }

    /// <summary>BIRD's routes as it prints them: all, or those for an address or within a prefix.</summary>
    public async Task<ControlResponse> RoutesAsync(string? wanted, CancellationToken stop)
    {
        Cidr cidr = default;
        if (wanted is not null && !Cidr.TryParse(wanted, out cidr)) return ControlResponse.Failed($"{Problem.Quote(wanted)} is not a prefix");
        string which = wanted is null ? "" : cidr.IsSingleAddress ? $" for {cidr.Address}" : $" in {cidr}";
        try
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            using BirdSocket bird = await BirdSocket.ConnectAsync(socket, patience.Token).ConfigureAwait(false);
            await bird.AskAsync("restrict", patience.Token).ConfigureAwait(false);
            BirdReply reply = await bird.AskAsync($"show route{which}", patience.Token).ConfigureAwait(false);
            // 8001: nothing is there, which is an answer too.
            return reply.Error is { Code: not 8001 } error ? ControlResponse.Failed($"BIRD: {error.Text}") : ControlResponse.Ok(string.Concat(reply.Lines.Where(l => l.Code == 1007).Select(l => $"{l.Text}\n")));
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return ControlResponse.Failed(e is IOException ? e.Message : $"BIRD does not answer on {socket} within {Patience.TotalSeconds} s");
        }
    }

    private async Task<BirdView?> ReadAsync(CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            return await BirdView.ReadAsync(socket, patience.Token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            (Silence, runs) = (e.Message, false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            Silence = $"BIRD does not answer on {socket} within {Patience.TotalSeconds} s";
        }
        return null;
    }

    /// <summary>Told once until it answers, a failure when its reason is another: one that hangs would otherwise be told of at every look.</summary>
    private async Task StartAsync(CancellationToken stop)
    {
        if (!toldStart) Log.BirdStarts(log);
        toldStart = true;
        starting.Note(await program.StartAsync(stop).ConfigureAwait(false));
    }
}
