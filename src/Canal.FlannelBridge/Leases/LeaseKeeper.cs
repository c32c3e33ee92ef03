using Canal.Core.Flannel;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;

namespace Canal.FlannelBridge.Leases;

/// <summary>
/// Keeps this host's lease: acquires it, renews it at half its time, and gets it back when it is lost, without an end of the daemon. Asking etcd goes on
/// beside the loop, one request at a time; the loop takes the outcome. Whatever is odd about the lease is answered by acquiring, which looks afresh.
/// </summary>
internal sealed class LeaseKeeper(LeaseTable table, TimeProvider time, ILogger log)
{
    private readonly Trouble trouble = new("keeping this host's lease", Log.LeaseFailure, time, log);
    private Task<LeaseState>? running;
    private string? conflict;
    private FlannelSubnet? previous;
    private int snapshotsAtWrite;

    /// <summary>What this host holds.</summary>
    public LeaseState State { get; private set; } = LeaseState.None;

    /// <summary>The subnet in use: that of the lease, or of the one that is being got back.</summary>
    public FlannelSubnet? Subnet { get; private set; }

    /// <summary>Why there is no lease, or none that will last; null when all is well.</summary>
    public string? Reason => trouble.Reason ?? conflict;

    /// <summary>When the lease is to be seen to; null when only etcd can say.</summary>
    public DateTimeOffset? NextStep => running is not null ? null : trouble.RetryAt ?? State.RenewAt;

    /// <summary>What this host had when it ran last.</summary>
    public void Remember(FlannelSubnet? subnet) => previous = subnet;

    /// <summary>It is in use again although nobody can be asked for it.</summary>
    public void Resume(FlannelSubnet subnet) => (Subnet, previous) = (subnet, subnet);

    /// <summary>Takes the outcome of what was under way, if it has one. Returns whether the subnet is another now.</summary>
    public bool Take(LeaseFeed feed)
    {
        if (running is not { IsCompleted: true } done) return false;
        running = null;
        if (done.IsCompletedSuccessfully)
        {
            FlannelSubnet? before = Subnet;
            State = done.Result;
            snapshotsAtWrite = feed.Snapshots;
            if (State.Lease is { } lease) (Subnet, previous) = (lease.Subnet, lease.Subnet);
            trouble.Note(null);
            if (before != Subnet) Log.Leased(log, State.Lease!.Subnet.ToString(), before?.ToString());
            return before != Subnet;
        }
        Exception? failure = done.Exception?.GetBaseException();
        if (failure is not (EtcdException or LeaseException)) done.GetAwaiter().GetResult();
        trouble.Note(failure!.Message);
        return false;
    }

    /// <summary>Starts what is to be done next, if anything is.</summary>
    /// <param name="feed">What etcd tells.</param>
    /// <param name="network">The configuration.</param>
    /// <param name="self">What the lease is to say.</param>
    /// <param name="woken">Called from elsewhere when there is an outcome to take.</param>
    /// <param name="stop">Ends what is under way.</param>
    public void Step(LeaseFeed feed, FlannelNetwork network, FlannelLease self, Func<Task> woken, CancellationToken stop)
    {
        if (running is not null || !trouble.MayTry) return;
        Func<CancellationToken, Task<LeaseState>>? next = Next(feed, network, self);
        if (next is null) return;
        running = next(stop);
        _ = running.ContinueWith(_ => woken(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private Func<CancellationToken, Task<LeaseState>>? Next(LeaseFeed feed, FlannelNetwork network, FlannelLease self)
    {
        Func<CancellationToken, Task<LeaseState>> acquire = stop => table.AcquireAsync(network, self, previous, stop);
        if (State.Lease is not { } own) return IsContested(feed, self) ? null : acquire;
        if (feed.Revision >= own.ModRevision || feed.Snapshots > snapshotsAtWrite)
        {
            HeldLease? seen = feed.Leases.GetValueOrDefault(own.Key);
            if (seen is null) return Lost($"the lease of {own.Subnet} {(feed.Refused.ContainsKey(own.Key) ? "was overwritten with what is none" : "is gone from etcd")}; it is made again", acquire);
            if (seen.ModRevision != own.ModRevision) return Foreign(seen, own, self, acquire);
            if (feed.Leases.Values.FirstOrDefault(l => l.Key != own.Key && l.CreateRevision < own.CreateRevision && l.Subnet.Overlaps(own.Subnet)) is { } older) return Yield(own, older, acquire);
        }
        if (!network.Admits(own.Subnet)) return Lost($"the network's configuration does not admit {own.Subnet} any more", acquire);
        bool due = State.RenewAt <= time.GetUtcNow();
        return own.Lease != self || due ? stop => RenewAsync(own, self, acquire, stop) : null;
    }

    private async Task<LeaseState> RenewAsync(HeldLease own, FlannelLease self, Func<CancellationToken, Task<LeaseState>> acquire, CancellationToken stop) =>
        await table.RenewAsync(own, self, stop).ConfigureAwait(false) ?? await acquire(stop).ConfigureAwait(false);

    private Func<CancellationToken, Task<LeaseState>> Lost(string why, Func<CancellationToken, Task<LeaseState>> acquire)
    {
        Log.LeaseLost(log, why);
        State = LeaseState.None;
        return acquire;
    }

    /// <summary>Somebody wrote our key. When it says what ours would, it is ours still; real flanneld of this host may have run in between.</summary>
    private Func<CancellationToken, Task<LeaseState>>? Foreign(HeldLease seen, HeldLease own, FlannelLease self, Func<CancellationToken, Task<LeaseState>> acquire)
    {
        if (!seen.Lease.IsOfSameHost(self)) return Lost($"{seen.Lease.Describe()} has taken the lease of {own.Subnet}; another subnet is leased", acquire);
        if (seen.Lease == self) return Lost($"the lease of {own.Subnet} was written by another program, with the same contents", acquire);
        if (seen.ModRevision < own.ModRevision) return Lost($"the lease of {own.Subnet} is as it was before: etcd was restored", acquire);
        conflict = $"another host announces {seen.Lease.Describe()} as its own address, with other data: each host needs its own public_ip; the lease of {own.Subnet} is left to it";
        Log.LeaseLost(log, conflict);
        State = LeaseState.None;
        return null;
    }

    /// <summary>
    /// Two hosts that think they are one do not write against each other: the one that was written over waits until the other says nothing of this address any more.
    /// </summary>
    private bool IsContested(LeaseFeed feed, FlannelLease self)
    {
        if (conflict is not null && !feed.Leases.Values.Any(l => l.Lease.IsOfSameHost(self) && l.Lease != self)) conflict = null;
        return conflict is not null;
    }

    /// <summary>Of two overlapping leases the older one counts: keys differ when hosts choose for two families at once, so etcd let both be made.</summary>
    private Func<CancellationToken, Task<LeaseState>> Yield(HeldLease own, HeldLease older, Func<CancellationToken, Task<LeaseState>> acquire)
    {
        Log.LeaseLost(log, $"{older.Lease.Describe()} has leased {older.Subnet}, which overlaps {own.Subnet}, before: another subnet is leased");
        State = LeaseState.None;
        previous = null;
        return async stop =>
        {
            await table.GiveBackAsync(own, stop).ConfigureAwait(false);
            return await acquire(stop).ConfigureAwait(false);
        };
    }
}
