using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;

namespace Canal.Datastore;

/// <summary>
/// Calico's address management over etcd: reads, lets Core plan, writes all of the plan in one transaction that compares every key it writes, and
/// starts over when somebody else was faster. Two writers can never assign one address, whoever they are.
/// </summary>
/// <remarks>
/// Round trips with a free address in a block of the owner: 3 (pools, settings, claims and handle; the blocks; the write), and 2 when the caller
/// knows the block it took from last time. A new block costs one more for each 32 blocks it has to look at. Release by handle: 3; by address: 2.
/// Within one store, writes of one owner wait for each other, as they would only make each other fail. Safe for use from several threads.
/// </remarks>
public sealed class IpamStore(EtcdStore etcd, TimeProvider time, Random chance) : IDisposable
{
    private const int MostTries = 100;
    private const int MostPauseMilliseconds = 100;
    private const int AddressesAtOnce = 8;
    private readonly SemaphoreSlim turn = new(1);

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>The time as requests need it.</summary>
    public IpamTime Now => new(time.GetUtcNow());

    /// <summary>Assigns addresses; fewer than asked for come with the shortage that says why. What was assigned stays assigned, also when an exception follows.</summary>
    /// <param name="request">Who and how many.</param>
    /// <param name="likely">Blocks that the owner took from last time: read ahead to save a round trip.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<Assignment> AssignAsync(AddressRequest request, IEnumerable<Cidr> likely, CancellationToken stop) => InTurnAsync(async () =>
    {
        Assignment all = new();
        IpamReading first = IpamReading.For(request, likely);
        while (true)
        {
            AddressRequest rest = request with { Ipv4 = request.Ipv4 - all.Ipv4.Count, Ipv6 = request.Ipv6 - all.Ipv6.Count };
            Assignment next = await RunAsync(first, picture => AddressAssignment.Plan(rest, picture), (done, picture) => AddressAssignment.Holds(done, rest, picture), stop);
            all = all.With(next);
            bool over4 = all.Ipv4.Count >= request.Ipv4 || all.Ipv4Shortage is not null, over6 = all.Ipv6.Count >= request.Ipv6 || all.Ipv6Shortage is not null;
            if (over4 && over6) return all;
        }
    }, stop);

    /// <summary>Assigns one address that is asked for by name.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<SpecificOutcome> AssignAsync(SpecificRequest request, CancellationToken stop) => InTurnAsync(() => RunAsync(
        IpamReading.For(request), picture => SpecificAssignment.Plan(request, picture), (done, picture) => SpecificAssignment.Holds(done, request, picture), stop), stop);

    /// <summary>The addresses a handle has.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public async Task<List<IpAddress>> HeldAsync(string handleId, CancellationToken stop) => [.. (await AssignmentsAsync(handleId, stop)).Select(held => held.Address)];

    /// <summary>The addresses a handle has, each as it can be released: only while it is this very assignment.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public Task<List<ReleaseTarget>> AssignmentsAsync(string handleId, CancellationToken stop) =>
        InTurnAsync(() => RunAsync(IpamReading.For([IpamKey.Handle(handleId)]), picture => HandleAddresses.Plan(handleId, picture), null, stop), stop);

    /// <summary>The handle that has an address; null when nobody has it, or without a handle.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public async Task<string?> HolderAsync(IpAddress address, CancellationToken stop) =>
        AddressRelease.HolderOf(address, await IpamReading.For(AddressRelease.Keys(new ReleaseTarget(address))).ReadAsync(etcd, stop));

    /// <summary>What an address is assigned for; null when it is free.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public async Task<IpamAttribute?> AssignmentAsync(IpAddress address, CancellationToken stop) =>
        AddressRelease.AssignmentOf(address, await IpamReading.For(AddressRelease.Keys(new ReleaseTarget(address))).ReadAsync(etcd, stop));

    /// <summary>Releases everything a handle has; nothing at all is fine.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<Release> ReleaseAsync(string handleId, CancellationToken stop) => ReleaseAsync(handleId, Task.CompletedTask, stop);

    /// <inheritdoc cref="ReleaseAsync(string, CancellationToken)"/>
    /// <param name="handleId">The handle.</param>
    /// <param name="unused">Ends when nobody uses the addresses any more: what is to be written is found out meanwhile, and written after it.</param>
    /// <param name="stop">Ends it.</param>
    public Task<Release> ReleaseAsync(string handleId, Task unused, CancellationToken stop) => InTurnAsync(async () =>
    {
        Release all = new();
        IpamReading first = IpamReading.For([IpamKey.Handle(handleId)]);
        while (true)
        {
            Release next = await RunAsync(first, picture => AddressRelease.Plan(handleId, picture), null, stop, unused);
            all = all.With(next);
            if (!next.More) return all;
        }
    }, stop);

    /// <summary>Releases single addresses.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<Release> ReleaseAsync(IReadOnlyList<ReleaseTarget> targets, CancellationToken stop) => InTurnAsync(async () =>
    {
        Release all = new();
        foreach (ReleaseTarget[] some in targets.Chunk(AddressesAtOnce))
            all = all.With(await RunAsync(IpamReading.For(some.SelectMany(AddressRelease.Keys)), picture => AddressRelease.Plan(some, picture), null, stop));
        return all;
    }, stop);

    /// <summary>Claims the blocks of a range for an owner. Answers with those claimed and those that are another's.</summary>
    /// <exception cref="IpamException">The range is in no pool or smaller than a block; or others were faster each time.</exception>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public Task<(IReadOnlyList<Cidr> Claimed, IReadOnlyList<Cidr> Failed)> ClaimAsync(BlockOwner owner, Cidr range, CancellationToken stop) => InTurnAsync(async () =>
    {
        IpamPicture pools = await IpamReading.Pools.ReadAsync(etcd, stop);
        IEnumerable<Cidr> blocks = BlockAffinity.BlocksOf(range, pools, out string? problem);
        if (problem is not null) throw new IpamException(problem);
        List<Cidr> claimed = [], failed = [];
        foreach (Cidr block in blocks)
            (await RunAsync(Keys(owner, block), picture => BlockAffinity.Claim(owner, block, Now, picture), null, stop) == AffinityResult.Done ? claimed : failed).Add(block);
        return ((IReadOnlyList<Cidr>)claimed, (IReadOnlyList<Cidr>)failed);
    }, stop);

    /// <summary>Makes a handle say what these blocks hold of it. False when it is so already.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<bool> MendHandleAsync(string handleId, IReadOnlyCollection<Cidr> blocks, CancellationToken stop) => InTurnAsync(() => RunAsync(
        IpamReading.For([IpamKey.Handle(handleId), .. blocks.Select(IpamKey.Block)]), picture => IpamRepair.Handle(handleId, blocks, picture), null, stop), stop);

    /// <summary>Makes an owner have a claim to the block if it is its, and none if it is not. False when it is so already.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<bool> MendClaimAsync(BlockOwner owner, Cidr block, CancellationToken stop) =>
        InTurnAsync(() => RunAsync(Keys(owner, block), picture => IpamRepair.Claim(owner, block, picture), null, stop), stop);

    /// <summary>Gives up a block.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public Task<AffinityResult> ReleaseAsync(BlockOwner owner, Cidr block, bool mustBeEmpty, CancellationToken stop) => InTurnAsync(async () =>
        (await RunAsync(Keys(owner, block), picture => BlockAffinity.Release(owner, block, mustBeEmpty, picture), null, stop))!.Value, stop);

    /// <summary>The blocks that an owner claims.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    public async Task<IReadOnlyList<Cidr>> ClaimsAsync(BlockOwner owner, CancellationToken stop)
    {
        IpamPicture picture = await IpamReading.ForClaims(owner).ReadAsync(etcd, stop);
        return [.. picture.ClaimsOf(owner, IpFamily.V4), .. picture.ClaimsOf(owner, IpFamily.V6)];
    }

    /// <summary>Gives up all blocks of an owner that is no more. Addresses in them stay assigned until they are released.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">Others were faster each time.</exception>
    public async Task ReleaseAsync(BlockOwner owner, CancellationToken stop)
    {
        foreach (Cidr block in await ClaimsAsync(owner, stop))
            await ReleaseAsync(owner, block, mustBeEmpty: false, stop);
    }

    private static IpamReading Keys(BlockOwner owner, Cidr block) => IpamReading.For([IpamKey.Block(block), IpamKey.Affinity(owner, block)]);

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            return await work();
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<T> RunAsync<T>(IpamReading first, Func<IpamPicture, IpamPlan<T>> plan, Func<T, IpamPicture, bool>? holds, CancellationToken stop, Task? before = null)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            IpamPicture picture = await first.ReadAsync(etcd, stop);
            IpamPlan<T> next = plan(picture);
            for (; !next.Needs.IsEmpty; next = plan(picture))
                await IpamReading.For(next.Needs).ReadAsync(etcd, picture, stop);
            if (before is not null) await before;
            if (next.Writes.IsEmpty || await TryWriteAsync(next, holds, stop)) return next.Outcome!;
            await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(Math.Min(MostPauseMilliseconds, 2 * tries))), time, stop);
        }
        throw new IpamException($"others changed the same blocks of addresses each of {MostTries} times");
    }

    // False: somebody else was faster, or the answer was lost and the writes were not done.
    private async Task<bool> TryWriteAsync<T>(IpamPlan<T> plan, Func<T, IpamPicture, bool>? holds, CancellationToken stop)
    {
        try
        {
            return (await etcd.CommitAsync(Transaction(plan), stop)).Succeeded;
        }
        catch (EtcdException error) when (error.OutcomeUnknown)
        {
            IpamPicture now = await IpamReading.ForWritten(plan.Writes).ReadAsync(etcd, stop);
            // A release that was done finds nothing to do when it is planned again; an assignment would assign twice.
            return holds?.Invoke(plan.Outcome!, now) ?? false;
        }
    }

    private static EtcdTransaction Transaction<T>(IpamPlan<T> plan)
    {
        EtcdTransaction transaction = new();
        foreach (IpamGuard guard in plan.Guards) transaction.IfModRevision(guard.Key, guard.Revision);
        foreach (IpamWrite write in plan.Writes)
        {
            transaction.IfModRevision(write.Key, write.SeenRevision);
            if (write.Value is { } value) transaction.Put(write.Key, value);
            else transaction.Delete(write.Key);
        }
        return transaction;
    }
}
