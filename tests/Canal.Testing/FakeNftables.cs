using System.Buffers.Binary;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Testing.Nftables;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing;

/// <summary>
/// nf_tables in memory. It takes the bytes that the kernel would take and behaves as the kernel does: existence, references at their point of the batch,
/// overlaps, loops, atomic refusal, generation. Parity with the kernel is tested in Canal.Kernel.Tests. Not imitated: rules of other programs,
/// ownership by another socket, faults after the first of a transaction, and what the kernel makes of overlaps that it overlooks (the fake refuses them all).
/// </summary>
public sealed class FakeNftables : INftables
{
    private readonly Dictionary<string, FakeTable> tables = [];
    private readonly Dictionary<int, FakeFault> faults = [];
    private uint generation = 1;

    /// <summary>Commits that were asked for and were not empty, refused ones too.</summary>
    public int Commits { get; private set; }

    /// <summary>Times a whole table was read.</summary>
    public int Reads { get; private set; }

    /// <summary>A transaction was committed, and this is what the kernel holds now.</summary>
    public event Action<NftTransaction>? Committed;

    /// <summary>Messages in them.</summary>
    public int Messages { get; private set; }

    /// <summary>Makes a commit go wrong, counted from 1 over the life of the fake.</summary>
    public void FailCommit(int number, FakeFault fault) => faults[number] = fault;

    /// <summary>Makes the next commit go wrong.</summary>
    public void FailNextCommit(FakeFault fault) => FailCommit(Commits + 1, fault);

    /// <summary>A kernel before Linux 6.9 knows no table that outlives its owner.</summary>
    public bool KnowsPersist { get; init; } = true;

    /// <summary>Without nfnetlink_log a kernel takes no rule that logs to a group.</summary>
    public bool KnowsLogGroups { get; init; } = true;

    /// <summary>The socket that owns a table is closed.</summary>
    public void CloseOwner(string table) => tables[table].Flags &= ~NftTableFlags.Owner;

    /// <summary>Rules that this kernel does not take, by their comment: as one that lacks what they are made of.</summary>
    public Func<string, bool>? RefusesRule { get; set; }

    /// <summary>Asked with the name of each chain that is made; true: the kernel refuses it.</summary>
    public Func<string, bool>? RefusesChain { get; set; }

    public void Commit(NftTransaction transaction)
    {
        if (transaction.IsEmpty) return;
        Commits++;
        Messages += transaction.Count;
        if (!faults.Remove(Commits, out FakeFault? fault))
        {
            Apply(transaction);
            Committed?.Invoke(transaction);
            return;
        }
        if (fault.Errno != 0) throw new NftException($"commit to table {transaction.Table}: {Errno.Describe(fault.Errno)}", fault.Errno);
        if (fault.Committed) Apply(transaction);
        string sentence = $"commit to table {transaction.Table}: the kernel's answer was lost, the outcome is unknown";
        throw new NftException(sentence, Errno.ENOBUFS, outcomeUnknown: true);
    }

    /// <summary>A change by another program: not counted, never faulted.</summary>
    public void CommitByOther(NftTransaction transaction) => Apply(transaction);

    /// <summary>Sets what the counter of a rule shows.</summary>
    public void SetCounter(string table, string chain, int rule, NftCounter counter)
    {
        FakeRule counting = tables[table].Chains[chain].Rules[rule];
        counting.Told = counting.Told with { Counter = counter };
    }

    public NftTableFlags? ReadFlags(string table) => tables.GetValueOrDefault(table)?.Flags;

    public NftTable? Read(string table)
    {
        Reads++;
        return Read(table, set => set.ReadElements());
    }

    public NftTable? ReadOutline(string table) => Read(table, _ => null);

    public NftElements ReadElements(string table, string set) =>
        tables.GetValueOrDefault(table)?.Sets.GetValueOrDefault(set)?.ReadElements()
        ?? throw new NftException($"read set {set} of table {table}: {Errno.Describe(Errno.ENOENT)}", Errno.ENOENT);

    public IReadOnlyList<NftTableRule> ReadRules(string table, string chain) =>
        tables.GetValueOrDefault(table)?.Chains.GetValueOrDefault(chain)?.Rules.ConvertAll(rule => rule.Told) ?? [];

    public uint Generation() => generation;

    /// <summary>A table as nft would print it, in the order of names; "" when there is none.</summary>
    public string Dump(string table) => tables.TryGetValue(table, out FakeTable? found) ? FakeDump.Print(found) : "";

    private NftTable? Read(string table, Func<FakeSet, NftElements?> elements)
    {
        if (!tables.TryGetValue(table, out FakeTable? found)) return null;
        return new NftTable(table, found.Flags, generation,
            found.Chains.Values.ToDictionary(chain => chain.Name,
                chain => new NftTableChain(chain.Name, chain.Base, chain.Comment, chain.Rules.ConvertAll(rule => rule.Told))),
            found.Sets.Values.ToDictionary(set => set.Description.Name, set => new NftTableSet(set.Description, elements(set))));
    }

    private void Apply(NftTransaction transaction)
    {
        FakeBatch batch = new(tables);
        uint sequence = 0;
        try
        {
            NetlinkReader reader = new(transaction.Batch());
            while (reader.Next())
            {
                sequence = reader.Current.Sequence;
                if (reader.Current.Type == NFNL_MSG_BATCH_BEGIN) CheckGeneration(reader.Current);
                else if (reader.Current.Type == NFNL_MSG_BATCH_END) batch.Finish();
                else if (IsRefused(reader.Current)) throw new FakeRefusal(Errno.ENOTSUP);
                else if (!KnowsLogGroups && LogsToGroup(reader.Current)) throw new FakeRefusal(Errno.ENOENT);
                else batch.Apply(reader.Current);
            }
        }
        catch (FakeRefusal refusal)
        {
            batch.Abort();
            NetlinkError error = new(refusal.Errno, sequence, NLMSG_ERROR, null, refusal.Offset);
            List<NftFault> faults = NftFaults.Of(transaction, new Dictionary<uint, NetlinkError> { [sequence] = error });
            throw new NftException(NftErrorText.Describe(transaction, error), refusal.Errno, faults: faults);
        }
        if (batch.Changed) generation++;
    }

    private bool IsRefused(NetlinkMessage message) => RefusesTable(message) || IsRefusedRule(message);

    /// <summary>The fake knows rules by their bytes: after the expression's name stands the nest of its attributes.</summary>
    private static bool LogsToGroup(NetlinkMessage message)
    {
        if (message.Type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE)) return false;
        ReadOnlySpan<byte> expressions = message.Attributes(4).Find(NFTA_RULE_EXPRESSIONS);
        int at = expressions.IndexOf("log\0"u8);
        if (at < 0) return false;
        ReadOnlySpan<byte> nest = expressions[(at + 4)..];
        return !new NetlinkAttributes(nest[4..BinaryPrimitives.ReadUInt16LittleEndian(nest)]).Find(NFTA_LOG_GROUP).IsEmpty;
    }

    private bool RefusesTable(NetlinkMessage message) => !KnowsPersist && message.Type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE)
        && ((NftTableFlags)NftMessageReading.UInt32(message.Attributes(4).Find(NFTA_TABLE_FLAGS), 0) & NftTableFlags.Persist) != 0;

    private bool IsRefusedRule(NetlinkMessage message) =>
        (RefusesChain is not null && message.Type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN) && RefusesChain(NftMessageReading.Text(message.Attributes(4).Find(NFTA_CHAIN_NAME)))) || (RefusesRule is not null && message.Type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE) && RefusesRule(NftMessageReading.ReadRule(message.Attributes(4)).Comment));

    private void CheckGeneration(NetlinkMessage begin)
    {
        ReadOnlySpan<byte> expected = begin.Attributes(4).Find(NFNL_BATCH_GENID);
        if (!expected.IsEmpty && NftMessageReading.UInt32(expected, 0) != generation) throw new FakeRefusal(Errno.ERESTART);
    }
}
