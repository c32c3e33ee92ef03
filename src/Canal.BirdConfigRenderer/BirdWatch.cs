using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Bgp;
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
