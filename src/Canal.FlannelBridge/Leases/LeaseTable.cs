using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Datastore;

namespace Canal.FlannelBridge.Leases;

/// <summary>
/// Takes, renews and gives back this host's lease in etcd by flannel's protocol: a key for each host that dies with an etcd lease. Every write compares, so
/// that nothing of another host is overwritten; no two leases are written in one transaction, which old versions of flanneld do not survive.
/// </summary>
internal sealed class LeaseTable(EtcdStore store, string prefix, TimeSpan duration, Random chance, TimeProvider time)
{
    private const int MostTries = 10;
    /// <summary>Of a key that leases a subnet but does not tell to whom.</summary>
    private static readonly FlannelLease Nobody = new() { PublicV4 = IpAddress.FromV4(0) };

    private static readonly TimeSpan LongestRace = TimeSpan.FromMilliseconds(200);

    /// <summary>Takes up the host's lease, or makes one.</summary>
    /// <param name="network">The configuration.</param>
    /// <param name="self">What the lease is to say.</param>
    /// <param name="previous">The subnet that the host had before, or null.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="LeaseException">There is no lease to be had.</exception>
    public async Task<LeaseState> AcquireAsync(FlannelNetwork network, FlannelLease self, FlannelSubnet? previous, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            List<HeldLease> leases = await ListAsync(stop).ConfigureAwait(false);
            LeaseChoice choice = LeaseAcquisition.Choose(network, leases, self, previous, chance);
            if (choice.Present is null && leases.Find(l => IsNobodys(l) && l.Subnet == previous && network.Admits(l.Subnet)) is { } spoilt) choice = choice with { Subnet = spoilt.Subnet, Present = spoilt };
            foreach (HeldLease retired in choice.Retired.ToArray()) await GiveBackAsync(retired, stop).ConfigureAwait(false);
            if (choice.Subnet is not { } subnet) throw new LeaseException($"all subnets of {string.Join(" and ", network.Ranges.Select(r => r.Network))} are leased");
            LeaseState? taken = choice.Present is { } present ? await TakeUpAsync(present, self, stop).ConfigureAwait(false) : await CreateAsync(subnet, self, stop).ConfigureAwait(false);
            if (taken is not null) return taken;
            await Task.Delay(LongestRace * chance.NextDouble(), time, stop).ConfigureAwait(false);
        }
        throw new LeaseException($"other hosts were faster each of {MostTries} times");
    }

    /// <summary>Writes the lease anew, for another duration or with other contents. Null when it is not this host's any more.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public Task<LeaseState?> RenewAsync(HeldLease held, FlannelLease self, CancellationToken stop) => WriteAsync(held.Key, held.Subnet, held, self, stop);

    /// <summary>Deletes the lease if nobody has written it since.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public async Task GiveBackAsync(HeldLease held, CancellationToken stop)
    {
        EtcdCommit commit = await store.CommitAsync(new EtcdTransaction().IfModRevision(held.Key, held.ModRevision).Delete(held.Key), stop).ConfigureAwait(false);
        if (commit.Succeeded && !held.IsReservation) await store.RevokeAsync(held.EtcdLease, stop).ConfigureAwait(false);
    }

    private async Task<List<HeldLease>> ListAsync(CancellationToken stop)
    {
        List<HeldLease> leases = [];
        string subnets = $"{prefix}/subnets/";
        await foreach (EtcdPage page in store.ListAsync(KeyRange.Prefix(subnets), stop).ConfigureAwait(false))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (TryRead(entry, subnets) is { } lease) leases.Add(lease);
        return leases;
    }

    /// <summary>Junk is the feed's to tell of. A subnet whose key holds some is not free all the same, but for the host that had it.</summary>
    private static HeldLease? TryRead(EtcdEntry entry, string subnets)
    {
        try
        {
            return LeaseFeed.LeaseOf(entry.KeyText, subnets, entry);
        }
        catch (FlannelFormatException)
        {
            return FlannelSubnet.TryParse(entry.KeyText, out FlannelSubnet subnet) && $"{subnets}{subnet}" == entry.KeyText ? new HeldLease(entry.KeyText, subnet, Nobody, entry.ModRevision, entry.CreateRevision, entry.Lease) : null;
        }
    }

    private static bool IsNobodys(HeldLease lease) => ReferenceEquals(lease.Lease, Nobody);

    /// <summary>A lease that says what it should and has time left stays as it is: every write is an event for every host.</summary>
    private async Task<LeaseState?> TakeUpAsync(HeldLease present, FlannelLease self, CancellationToken stop)
    {
        bool same = present.Lease == self;
        if (same && present.IsReservation) return new LeaseState(present, null);
        if (same && await store.TimeToLiveAsync(present.EtcdLease, stop).ConfigureAwait(false) is { } left && left > duration / 2)
            return new LeaseState(present, time.GetUtcNow() + left - (duration / 2));
        return await WriteAsync(present.Key, present.Subnet, present, self, stop).ConfigureAwait(false);
    }

    private Task<LeaseState?> CreateAsync(FlannelSubnet subnet, FlannelLease self, CancellationToken stop) =>
        WriteAsync(LeaseFeed.KeyOf(prefix, subnet), subnet, null, self, stop);

    private async Task<LeaseState?> WriteAsync(string key, FlannelSubnet subnet, HeldLease? present, FlannelLease self, CancellationToken stop)
    {
        bool isOwn = present is not null && !IsNobodys(present);
        // A key that somebody put there without an end keeps having none.
        EtcdLease? granted = isOwn && present!.IsReservation ? null : await store.GrantLeaseAsync(duration, stop).ConfigureAwait(false);
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(key, present?.ModRevision ?? 0).Put(key, self.Write(), granted?.Id ?? 0);
        EtcdCommit commit;
        try
        {
            commit = await store.CommitAsync(transaction, stop).ConfigureAwait(false);
        }
        catch (EtcdException e) when (!e.OutcomeUnknown)
        {
            // A lease for each try, each a day long, would fill etcd.
            await GiveBackAsync(granted, stop).ConfigureAwait(false);
            throw;
        }
        if (!commit.Succeeded)
        {
            await GiveBackAsync(granted, stop).ConfigureAwait(false);
            return null;
        }
        // The key hangs on the new one now: the old one would only linger. That of junk may have other keys.
        if (isOwn && !present!.IsReservation) await store.RevokeAsync(present!.EtcdLease, stop).ConfigureAwait(false);
        HeldLease held = new(key, subnet, self, commit.Revision, present?.CreateRevision ?? commit.Revision, granted?.Id ?? 0);
        return new LeaseState(held, granted is { } lease ? time.GetUtcNow() + (lease.Ttl / 2 * (0.9 + (0.1 * chance.NextDouble()))) : null);
    }

    private async Task GiveBackAsync(EtcdLease? granted, CancellationToken stop)
    {
        if (granted is { } unused) await store.RevokeAsync(unused.Id, stop).ConfigureAwait(false);
    }
}
