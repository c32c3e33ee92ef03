using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl ipam split</c>: makes several pools of one. Addresses and blocks stay as they are: each block lies in one of the new pools.</summary>
/// <remarks>One transaction does it all, where calicoctl needs many and the cluster locked.</remarks>
internal sealed class PoolSplit
{
    // A transaction of etcd has at most 128 operations, unless it is told otherwise.
    private const int MostParts = 64;

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<int> number = new("NUMBER") { Description = $"How many: a power of 2, at most {MostParts}." };
    private readonly Option<string> cidr = new("--cidr") { Description = "The pool of just this range.", HelpName = "CIDR" };
    private readonly Option<string> name = new("--name") { Description = "The pool of this name.", HelpName = "POOL" };

    public PoolSplit(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("split", "Make several pools of equal size of one.") { number, cidr, name };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        int parts = parsed.GetValue(number);
        if (parts is < 2 or > MostParts || !BitOperations.IsPow2(parts))
            throw CommandException.Usage($"ipam split: {parts} is not a power of 2 from 2 to {MostParts}");
        string? range = parsed.GetValue(cidr), called = parsed.GetValue(name);
        if (range is null == called is null)
            throw CommandException.Usage("ipam split: give either --cidr or --name");
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        (StoredResource stored, IpPool pool) = await FindAsync(connection.Resources, range, called, stop);
        ResourceDocument[] made = [.. Split(pool, parts).Select((part, index) => Part(stored.Document!, pool, part, index))];
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(stored.Key.ToEtcdKey(), stored.Revision).Delete(stored.Key.ToEtcdKey());
        foreach (ResourceDocument document in made)
        {
            string key = (stored.Key with { Name = document.Name }).ToEtcdKey();
            transaction.IfAbsent(key).Put(key, document.ToStoredBytes());
        }
        if (!(await connection.Etcd.CommitAsync(transaction, stop)).Succeeded)
            throw new CommandException(ExitCode.Failure, $"{stored.Key}: was changed meanwhile, or there is a pool of the name {made[0].Name} or of another of the new ones: nothing was done");
        foreach (ResourceDocument document in made)
            around.Say($"created IPPool {document.Name}: {document.Spec!["cidr"]}");
        around.Say($"deleted {stored.Key}");
        return ExitCode.Ok;
    }

    private static async Task<(StoredResource Stored, IpPool Pool)> FindAsync(ResourceStore store, string? range, string? called, CancellationToken stop)
    {
        foreach (StoredResource stored in (await store.ListAsync(ResourceKinds.Of(ResourceKind.IPPool), null, stop)).Resources)
        {
            if (stored.Document?.Decode(stored.Key).Resource is IpPool pool && (called is null ? range == pool.Cidr.ToString() : called == stored.Key.Name))
                return (stored, pool);
        }
        throw new CommandException(ExitCode.Failure, $"there is no IPPool {called ?? $"of {range}"}");
    }

    /// <summary>The parts of a pool, in their order.</summary>
    /// <exception cref="CommandException">They would be smaller than a block of addresses.</exception>
    private static IEnumerable<Cidr> Split(IpPool pool, int parts)
    {
        int length = pool.Cidr.Length + BitOperations.Log2((uint)parts);
        if (length > pool.BlockSize)
            throw new CommandException(ExitCode.Failure, $"{pool.Key}: is too small for {parts} pools: each would be smaller than one of its blocks, a /{pool.BlockSize}");
        UInt128 size = UInt128.One << (pool.Cidr.Family.Bits - length);
        return Enumerable.Range(0, parts).Select(index => new Cidr(pool.Cidr.AddressAt((UInt128)index * size), length));
    }

    /// <summary>All is as in the old pool but the range and the identity; named as calicoctl names it.</summary>
    private ResourceDocument Part(ResourceDocument old, IpPool pool, Cidr range, int index)
    {
        ResourceDocument part = old.Clone();
        part.Name = string.Create(CultureInfo.InvariantCulture, $"split-{pool.Key.Name}-{index}");
        part.Uid = Guid.NewGuid().ToString();
        part.CreationTimestamp = around.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        part.EnsureSpec()["cidr"] = range.ToString();
        return part;
    }
}
