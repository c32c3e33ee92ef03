using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.Docker;

/// <summary>Gives addresses back that Docker asked for and made no endpoint of, as when it dies in between: nobody else would.</summary>
/// <remarks>
/// An address is abandoned when this very process has seen it without an endpoint for the whole of the time: neither a clock that is set nor a restart
/// makes that shorter. Only addresses of this host's handles for containers count; what Docker reserves for a network (<c>--aux-address</c>) has another.
/// </remarks>
internal sealed class AbandonedAddresses(Cluster cluster, TimeSpan patience, TimeProvider time, ILogger log) : IDisposable
{
    // Between looks; and until a patience that was set is noticed.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1), Beat = TimeSpan.FromSeconds(5);

    // A look, which may end with a release, and an address that is given out again.
    private readonly SemaphoreSlim turn = new(1);
    private Dictionary<HeldAddress, long> unused = [];

    /// <summary>How long an address may be without an endpoint; zero: for ever. May be set at any time.</summary>
    public TimeSpan Patience { get; set; } = patience;

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Looks until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        long? looked = null;
        while (true)
        {
            TimeSpan limit = Patience, pause = limit / 4 < LongestPause ? limit / 4 : LongestPause;
            if (limit > TimeSpan.Zero && (looked is not { } last || time.GetElapsedTime(last) >= pause))
            {
                looked = time.GetTimestamp();
                await TryLookAsync(limit, stop);
            }
            await Task.Delay(limit > TimeSpan.Zero && pause < Beat ? pause : Beat, time, stop);
        }
    }

    /// <summary>Finds an address that is held and is to be given out again: its time begins anew.</summary>
    public async Task<IpAddress?> AgainAsync(Func<Task<IpAddress?>> find, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            IpAddress? found = await find();
            foreach (HeldAddress one in unused.Keys.Where(one => one.Address == found).ToArray()) unused.Remove(one);
            return found;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task TryLookAsync(TimeSpan limit, CancellationToken stop)
    {
        try
        {
            await LookAsync(limit, stop);
        }
        catch (Exception e) when (e is EtcdException or IpamException)
        {
            log.Debug("abandoned addresses are not looked for: {Reason}", e.Message);
        }
    }

    private async Task LookAsync(TimeSpan limit, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            // In this order: what is assigned in between is not among the first, and its endpoint may be among the second.
            HashSet<HeldAddress> held = await HeldAsync(stop);
            HashSet<IpAddress> used = await cluster.AddressesInUseAsync(stop);
            long now = time.GetTimestamp();
            unused = held.Where(one => !used.Contains(one.Address)).ToDictionary(one => one, one => unused.GetValueOrDefault(one, now));
            ReleaseTarget[] over = [.. unused.Where(one => time.GetElapsedTime(one.Value, now) >= limit).Select(one => new ReleaseTarget(one.Key.Address, one.Key.HandleId))];
            foreach (IpAddress free in (await cluster.Ipam.ReleaseAsync(over, stop)).Released)
                log.Warning("{Address} is free again: Docker asked for it {Limit} ago or longer, and made no endpoint of it", free, limit);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The addresses that this host's containers hold.</summary>
    private async Task<HashSet<HeldAddress>> HeldAsync(CancellationToken stop)
    {
        HashSet<string> handles = [];
        HashSet<Cidr> blocks = [];
        await foreach (EtcdPage page in cluster.Etcd.ListAsync(KeyRange.Prefix(IpamKey.Handle($"{cluster.Handle}.").ToEtcdKey()), stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
            {
                if (!IpamKey.TryParse(entry.Key.Span, out IpamKey key) || IpamCodec.DecodeHandle(entry.Value.Span).Value is not { } handle) continue;
                handles.Add(key.HandleId!);
                blocks.UnionWith(handle.Blocks.ToArray().Select(count => count.Block));
            }
        }
        HashSet<HeldAddress> held = [];
        foreach (Cidr[] some in blocks.Chunk(EtcdStore.MostRanges))
        {
            EtcdSnapshot snapshot = await cluster.Etcd.SnapshotAsync(some.Select(block => KeyRange.Single(IpamKey.Block(block).ToEtcdKey())), stop);
            foreach (EtcdEntry entry in snapshot.Entries)
                if (IpamCodec.DecodeBlock(entry.Value.Span).Value is { } block) held.UnionWith(HeldIn(block, handles));
        }
        return held;
    }

    // Names of nodes have dots: a handle that begins as ours may be another node's, which the address tells.
    private IEnumerable<HeldAddress> HeldIn(IpamBlock block, HashSet<string> handles) =>
        from ordinal in Enumerable.Range(0, block.Allocations.Count)
        where block.Allocations[ordinal] is not null
        let attribute = block.Attributes[block.Allocations[ordinal]!.Value]
        where attribute.HandleId is { } id && handles.Contains(id) && attribute.Secondary["node"] == cluster.Node
        select new HeldAddress(block.Cidr.AddressAt((UInt128)ordinal), attribute.HandleId!);

    private readonly record struct HeldAddress(IpAddress Address, string HandleId);
}
