using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Hosting;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Looks at BIRD from time to time: tells what changed, starts it where that is this program's part, and hands it the file anew when it came back.</summary>
internal sealed class BirdWatch(string socket, BirdFile file, BirdProgram program, bool startsBird, ILogger log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private bool toldSilent;

    /// <summary>BIRD as last seen; null when it does not answer.</summary>
    public BirdView? View { get; private set; }

    /// <summary>Why it does not answer.</summary>
    public string Silence { get; private set; } = "it was not asked yet";

    public async Task LookAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool fileIsThere, CancellationToken stop)
    {
        BirdView? before = View;
        View = await ReadAsync(stop).ConfigureAwait(false);
        if (View is null)
        {
            TellSilence(before is not null);
            if (startsBird && fileIsThere) await StartAsync(stop).ConfigureAwait(false);
        }
        else if (before is null)
        {
            // It may have started from the file before the last one.
            await file.ConfigureAsync(stop).ConfigureAwait(false);
            toldSilent = false;
            Log.BirdAnswers(log, View.Version, View.Sessions.Values.Count(s => s.IsEstablished), View.Sessions.Count);
        }
        else
        {
            SessionEvents.Tell(log, before, View, wanted);
        }
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
            Silence = e.Message;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            Silence = $"BIRD does not answer on {socket} within {Patience.TotalSeconds} s";
        }
        return null;
    }

    private void TellSilence(bool lost)
    {
        if (!lost && toldSilent) return;
        toldSilent = true;
        Log.BirdIsSilent(log, Silence);
    }

    private async Task StartAsync(CancellationToken stop)
    {
        Log.BirdStarts(log);
        if (await program.StartAsync(stop).ConfigureAwait(false) is { } reason) Log.Failed(log, "starting BIRD", reason);
    }
}
