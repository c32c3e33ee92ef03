using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>
/// <c>apply --confirm</c>: writes a change that is taken back unless somebody confirms it. The guard is in etcd before the change, so that agents have heard
/// of it when the change cuts them off; this program takes the change back too, if it still runs and reaches etcd.
/// </summary>
internal sealed class GuardedApply(Connection connection, Surroundings around)
{
    /// <summary>What agents have to hear of the guard before the change comes.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly GuardStore guards = new(connection.Etcd);

    /// <summary>Writes, waits for the confirmation, and takes back. Returns the exit code.</summary>
    public async Task<int> RunAsync(IReadOnlyList<(WantedResource Wanted, PlannedWrite Plan)> plans, TimeSpan patience, CancellationToken stop)
    {
        PlannedWrite[] changes = [.. plans.Select(plan => plan.Plan).Where(plan => !plan.Unchanged)];
        if (changes.Length == 0)
        {
            around.Say("nothing would change");
            return ExitCode.Ok;
        }
        if (changes.Length > Guard.MostKeys)
            throw new CommandException(ExitCode.Failure, $"{changes.Length} resources would change; --confirm guards {Guard.MostKeys} at most");
        if (Array.Exists(changes, change => IpamSettings.IsShownBy(change.Key)))
            throw new CommandException(ExitCode.Failure, "IPAMConfiguration: --confirm cannot take it back: apply it without");
        if (await BeforeAsync(changes, stop) is not { } keys)
            return Nothing();
        Guard guard = new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), around.Time.GetUtcNow() + patience, keys);
        long armed = await guards.ArmAsync(guard, stop) ?? throw new CommandException(ExitCode.Failure, $"there is a guard {guard.Id} already: try again");
        if (!await ChangeAsync(guard, armed, changes, stop))
        {
            await guards.ConfirmAsync(guard.Id, CancellationToken.None);
            return Nothing();
        }
        foreach (PlannedWrite change in changes)
            around.Say($"{(change.Seen == 0 ? "created" : "updated")} {change.Key}");
        around.Say(string.Create(CultureInfo.InvariantCulture, $"guard {guard.Id}: taken back at {guard.Deadline.ToLocalTime():HH:mm:ss} unless confirmed, from a new shell: canalctl confirm {guard.Id}"));
        return await WaitAsync(guard, changes, stop);
    }

    private async Task<ImmutableArray<GuardedKey>?> BeforeAsync(PlannedWrite[] changes, CancellationToken stop)
    {
        ImmutableArray<GuardedKey>.Builder keys = ImmutableArray.CreateBuilder<GuardedKey>(changes.Length);
        foreach (PlannedWrite change in changes)
        {
            string key = change.Key.ToEtcdKey();
            EtcdEntry? entry = (await connection.Etcd.GetAsync(key, stop)).Entry;
            if ((entry?.ModRevision ?? 0) != change.Seen)
                return null;
            keys.Add(new GuardedKey(key, entry is { } there ? (ReadOnlyMemory<byte>?)there.Value.ToArray() : null));
        }
        return keys.MoveToImmutable();
    }

    private async Task<bool> ChangeAsync(Guard guard, long armed, PlannedWrite[] changes, CancellationToken stop)
    {
        await Task.Delay(Settling, around.Time, stop);
        return await guards.ChangeAsync(guard, armed, changes.Select(change => (change.Key.ToEtcdKey(), change.Seen, change.Document.ToStoredBytes())), stop);
    }

    private async Task<int> WaitAsync(Guard guard, PlannedWrite[] changes, CancellationToken stop)
    {
        try
        {
            while (around.Time.GetUtcNow() < guard.Deadline)
            {
                if (await IsGoneAsync(guard, stop))
                    return await EndAsync(guard, changes, stop);
                await Task.Delay(Pause, around.Time, stop);
            }
            return await EndAsync(guard, changes, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            around.Say("interrupted");
            await EndAsync(guard, changes, CancellationToken.None);
            return CtlExit.Interrupted;
        }
    }

    /// <summary>An etcd that does not answer says nothing: the change may have cut it off.</summary>
    private async Task<bool> IsGoneAsync(Guard guard, CancellationToken stop)
    {
        try
        {
            return (await connection.Etcd.GetAsync(guard.EtcdKey, stop)).Entry is null;
        }
        catch (EtcdException)
        {
            return false;
        }
    }

    /// <summary>Takes the change back if the guard is still there, and says what became of it.</summary>
    private async Task<int> EndAsync(Guard guard, PlannedWrite[] changes, CancellationToken stop)
    {
        if (await guards.RevertAsync(guard.Id, stop) is { } restored)
        {
            around.Say($"not confirmed: {restored.Count} of {changes.Length} resources are as they were{(restored.Count < changes.Length ? "; the others were changed meanwhile" : "")}");
            return ExitCode.Failure;
        }
        EtcdEntry? now = (await connection.Etcd.GetAsync(changes[0].Key.ToEtcdKey(), stop)).Entry;
        bool kept = now is { } entry && entry.Value.Span.SequenceEqual(changes[0].Document.ToStoredBytes());
        around.Say(kept ? "confirmed: the change stays" : "an agent has taken the change back");
        return kept ? ExitCode.Ok : ExitCode.Failure;
    }

    private int Nothing()
    {
        around.Say("somebody else changed some of it meanwhile: nothing was written");
        return ExitCode.Failure;
    }
}
