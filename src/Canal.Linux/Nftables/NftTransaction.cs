using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// One atomic change of one inet table, in nft's verbs. Every call is encoded at once into the batch that the kernel will get; the sequence number of a
/// message is its index. Define before use, and take references away before what they refer to: the kernel looks at the messages in their order. To be used by
/// one thread; <see cref="Clear"/> makes it ready for the next change and keeps its memory.
/// </summary>
/// <remarks>
/// Nothing here knows what the kernel holds: what is wrong is told by <see cref="INftables.Commit"/>. <see cref="ArgumentException"/> is for what no
/// message can say.
/// </remarks>
public sealed partial class NftTransaction
{
    private const int BeginLength = 20;
    private const int GenerationLength = 8;

    private readonly NetlinkBuffer buffer;
    private readonly byte[] tableAttribute;
    private readonly Dictionary<string, NftSet> sets = [];
    private bool expectsGeneration;
    private uint anonymousSets;
    private bool open;

    /// <summary>An empty transaction on a table, which is of family inet.</summary>
    /// <param name="table">Its name.</param>
    /// <param name="capacity">Bytes it begins with; it grows as needed.</param>
    public NftTransaction(string table, int capacity = 4096)
    {
        buffer = new NetlinkBuffer(capacity);
        NftRuleBuilder.CheckName(table);
        Table = table;
        NetlinkBuffer attribute = new(64);
        new NetlinkWriter(attribute).String(NFTA_TABLE, table);
        tableAttribute = attribute.Written.ToArray();
        Clear();
    }

    /// <summary>Name of the table that everything here is in.</summary>
    public string Table { get; }

    /// <summary>Messages so far; 0 means that a commit does nothing.</summary>
    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>Bytes that a commit sends.</summary>
    public int ByteLength => Batch().Length;

    /// <summary>Forgets everything, and gives the memory of a huge change back.</summary>
    public void Clear()
    {
        buffer.Clear();
        sets.Clear();
        (Count, anonymousSets, expectsGeneration, elements, open) = (0, 0, false, default, false);
        NetlinkWriter writer = new(buffer);
        // Room for BATCH_BEGIN with its attribute; without it the batch begins later.
        buffer.Append(GenerationLength);
        int begin = writer.BeginMessage(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 0);
        WriteBatchHeader(writer);
        writer.EndMessage(begin);
    }

    /// <summary>Makes the kernel refuse the whole with ERESTART when anyone in the namespace has changed anything since it told this generation.</summary>
    public void ExpectGeneration(uint generation)
    {
        Span<byte> begin = buffer.At(0, BeginLength + GenerationLength);
        if (!expectsGeneration) begin[GenerationLength..].CopyTo(begin);
        BinaryPrimitives.WriteUInt32LittleEndian(begin, (uint)begin.Length);
        Span<byte> attribute = begin[BeginLength..];
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, GenerationLength);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute[2..], NFNL_BATCH_GENID);
        BinaryPrimitives.WriteUInt32BigEndian(attribute[4..], generation);
        expectsGeneration = true;
    }

    /// <summary><c>add table</c>; does nothing when it exists. With Owner it becomes the socket's own.</summary>
    public void AddTable(NftTableFlags flags = NftTableFlags.None)
    {
        int message = Begin(NFT_MSG_NEWTABLE, NLM_F_CREATE);
        new NetlinkWriter(buffer).UInt32BigEndian(NFTA_TABLE_FLAGS, (uint)flags);
        End(message);
    }

    /// <summary><c>delete table</c> with all it holds; ENOENT when there is none (add it before to be sure).</summary>
    public void DeleteTable() => End(Begin(NFT_MSG_DELTABLE, 0));

    /// <summary><c>add chain</c>; does nothing when it exists.</summary>
    public void AddChain(string name, string? comment = null)
    {
        int message = BeginChain(NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
        WriteChainComment(comment);
        End(message);
    }

    /// <summary><c>add chain { type … hook … priority …; policy …; }</c>; of an existing one only the policy changes.</summary>
    public void AddChain(string name, NftBaseChain chain, string? comment = null)
    {
        int message = BeginChain(NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
        NetlinkWriter writer = new(buffer);
        int hook = writer.BeginNested(NFTA_CHAIN_HOOK);
        writer.UInt32BigEndian(NFTA_HOOK_HOOKNUM, (uint)chain.Hook);
        writer.UInt32BigEndian(NFTA_HOOK_PRIORITY, (uint)chain.Priority);
        writer.EndNested(hook);
        writer.UInt32BigEndian(NFTA_CHAIN_POLICY, (uint)chain.Policy);
        writer.String(NFTA_CHAIN_TYPE, TypeName(chain.Type));
        WriteChainComment(comment);
        End(message);
    }

    /// <summary><c>delete chain</c> with its rules; EBUSY while anything refers to it.</summary>
    public void DeleteChain(string name) => End(BeginChain(NFT_MSG_DELCHAIN, 0, name));

    /// <summary><c>flush chain</c>: deletes its rules.</summary>
    public void FlushChain(string chain) => End(BeginRule(NFT_MSG_DELRULE, 0, chain));

    /// <summary>
    /// The batch with its END, which alone asks for an answer. Valid until the next call that adds a message.
    /// </summary>
    /// <exception cref="InvalidOperationException">A call threw and left a message half written; only <see cref="Clear"/> helps.</exception>
    internal ReadOnlySpan<byte> Batch() => BatchMemory().Span;

    private ReadOnlyMemory<byte> BatchMemory()
    {
        if (open) throw new InvalidOperationException("a message of the transaction was not finished, because its content was refused");
        int length = buffer.Length;
        NetlinkWriter writer = new(buffer);
        int end = writer.BeginMessage(NFNL_MSG_BATCH_END, NLM_F_REQUEST | NLM_F_ACK, (uint)Count + 1);
        WriteBatchHeader(writer);
        writer.EndMessage(end);
        ReadOnlyMemory<byte> batch = buffer.WrittenMemory[(expectsGeneration ? 0 : GenerationLength)..];
        buffer.Truncate(length);
        return batch;
    }

    /// <summary>Sequence number of the END, whose acknowledgement alone proves the commit.</summary>
    internal uint EndSequence => (uint)Count + 1;

    /// <summary>The set of a name, when elements of it were written here: for naming an element in an error.</summary>
    internal NftSet? FindSet(string name) => sets.GetValueOrDefault(name);

    internal static string TypeName(NftChainType type) => type switch
    {
        NftChainType.Nat => "nat",
        NftChainType.Route => "route",
        _ => "filter",
    };

    private int Begin(int type, int flags)
    {
        open = true;
        NetlinkWriter writer = new(buffer);
        int message = writer.BeginMessage((ushort)((NFNL_SUBSYS_NFTABLES << 8) | type), (ushort)(NLM_F_REQUEST | flags), (uint)++Count);
        writer.Header(4)[0] = NFPROTO_INET;
        tableAttribute.CopyTo(buffer.Append(tableAttribute.Length));
        return message;
    }

    private int BeginChain(int type, int flags, string name) => BeginNamed(type, flags, NFTA_CHAIN_NAME, name);

    private int BeginRule(int type, int flags, string chain) => BeginNamed(type, flags, NFTA_RULE_CHAIN, chain);

    private int BeginNamed(int type, int flags, ushort attribute, string name)
    {
        NftRuleBuilder.CheckName(name);
        int message = Begin(type, flags);
        new NetlinkWriter(buffer).String(attribute, name);
        return message;
    }

    private void End(int message)
    {
        new NetlinkWriter(buffer).EndMessage(message);
        open = false;
    }

    private void WriteChainComment(string? comment)
    {
        string text = NftUserData.Clean(comment);
        if (text.Length > 0) NftUserData.WriteComment(new NetlinkWriter(buffer), NFTA_CHAIN_USERDATA, NftUserData.ChainComment, text);
    }

    /// <summary>nfgenmsg of BEGIN and END: res_id is the subsystem, in network order.</summary>
    private static void WriteBatchHeader(NetlinkWriter writer) =>
        BinaryPrimitives.WriteUInt16BigEndian(writer.Header(4)[2..], NFNL_SUBSYS_NFTABLES);
}
