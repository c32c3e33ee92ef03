using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Hosting;

/// <summary>
/// Tries, beside the loop, whether checksums that are left open arrive at other hosts: each soon after it is known and then daily, one at a time and one a second at
/// most. Who is tried the loop says; it is told only where checksums break.
/// </summary>
public sealed class ChecksumWatch(Func<IpAddress, CancellationToken, Task<ChecksumVerdict>> attempt, Func<ChecksumPeer, CancellationToken, ValueTask> broken, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ChecksumRota rota = new();
    private readonly SemaphoreSlim changed = new(0, 1);
    private EquatableArray<ChecksumPeer> last;
    private volatile IReadOnlyCollection<ChecksumPeer> wanted = [];

    /// <summary>These are the others now; called by the loop.</summary>
    public void Want(EquatableArray<ChecksumPeer> peers)
    {
        if (peers == last) return;
        last = peers;
        wanted = peers;
        if (changed.CurrentCount == 0) changed.Release();
    }

    /// <summary>Runs until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (rota.Next(now) is not { } peer)
            {
                await WaitAsync(rota.Due - now, stop).ConfigureAwait(false);
                continue;
            }
            ChecksumVerdict verdict = await attempt(peer.Address, stop).ConfigureAwait(false);
            rota.Note(peer, verdict, time.GetUtcNow());
            if (verdict == ChecksumVerdict.Broken) await broken(peer, stop).ConfigureAwait(false);
            await Task.Delay(Pause, time, stop).ConfigureAwait(false);
            if (changed.Wait(0, stop)) rota.Follow(wanted, time.GetUtcNow());
        }
    }

    public void Dispose() => changed.Dispose();

    /// <summary>Until the others change or one is due.</summary>
    private async Task WaitAsync(TimeSpan? longest, CancellationToken stop)
    {
        using CancellationTokenSource due = longest is { } wait ? new CancellationTokenSource(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time) : new CancellationTokenSource();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, stop);
        try
        {
            await changed.WaitAsync(either.Token).ConfigureAwait(false);
            rota.Follow(wanted, time.GetUtcNow());
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }
    }
}
