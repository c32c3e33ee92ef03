using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing.Nftables;

/// <summary>
/// Applies the messages of one batch one after another, as nfnetlink does, and remembers how to take each
/// change back.
/// </summary>
internal sealed partial class FakeBatch(Dictionary<string, FakeTable> tables)
{
    private readonly Stack<Action> undo = [];
    private readonly List<FakeSet> anonymous = [];
    private readonly Dictionary<uint, FakeSet> byId = [];

    /// <summary>True when something is other than before: only then does the generation move.</summary>
    internal bool Changed { get; private set; }

    internal void Apply(NetlinkMessage message)
    {
        NetlinkAttributes attributes = message.Attributes(4);
        string table = NftMessageReading.Text(attributes.Find(NFTA_TABLE));
        switch (message.Type & 0xff)
        {
            case NFT_MSG_NEWTABLE: AddTable(table, attributes); break;
            case NFT_MSG_DELTABLE: DeleteTable(table); break;
            case NFT_MSG_NEWCHAIN: AddChain(Table(table), attributes); break;
            case NFT_MSG_DELCHAIN: DeleteChain(Table(table), attributes); break;
            case NFT_MSG_NEWRULE: AddRule(Table(table), attributes, message.Flags); break;
            case NFT_MSG_DELRULE: DeleteRules(Table(table), attributes); break;
            case NFT_MSG_NEWSET: AddSet(Table(table), attributes); break;
            case NFT_MSG_DELSET: DeleteSet(Table(table), attributes); break;
            case NFT_MSG_NEWSETELEM: AddElements(Table(table), attributes); break;
            case NFT_MSG_DELSETELEM: DeleteElements(Table(table), attributes); break;
            default: throw new FakeRefusal(Errno.EINVAL);
        }
    }

    /// <summary>What the kernel looks at when all messages were good.</summary>
    internal void Finish()
    {
        foreach (FakeSet set in anonymous)
            if (!set.WasBound) throw new FakeRefusal(Errno.EINVAL);
        foreach (FakeTable table in tables.Values) FakeValidation.Validate(table);
    }

    internal void Abort()
    {
        while (undo.TryPop(out Action? step)) step();
    }

    private FakeTable Table(string name) => tables.GetValueOrDefault(name) ?? throw new FakeRefusal(Errno.ENOENT, 20);

    private void AddTable(string name, NetlinkAttributes attributes)
    {
        NftTableFlags flags = (NftTableFlags)NftMessageReading.UInt32(attributes.Find(NFTA_TABLE_FLAGS), 0);
        if ((flags & ~(NftTableFlags.Dormant | NftTableFlags.Owner | NftTableFlags.Persist)) != 0) throw new FakeRefusal(Errno.ENOTSUP);
        if (!tables.TryGetValue(name, out FakeTable? table))
        {
            Do(() => tables[name] = new FakeTable(name, flags), () => tables.Remove(name));
            return;
        }
        if (table.Flags == flags) return;
        // Only a table that outlived its owner can be taken; others keep what they are.
        bool adopts = (flags & NftTableFlags.Owner) != 0 && (table.Flags & (NftTableFlags.Owner | NftTableFlags.Persist)) == NftTableFlags.Persist;
        if (((flags ^ table.Flags) & ~NftTableFlags.Dormant) != 0 && !adopts) throw new FakeRefusal(Errno.ENOTSUP);
        NftTableFlags before = table.Flags;
        Do(() => table.Flags = flags, () => table.Flags = before);
    }

    private void DeleteTable(string name)
    {
        FakeTable table = Table(name);
        Do(() => tables.Remove(name), () => tables[name] = table);
    }

    private void AddChain(FakeTable table, NetlinkAttributes attributes)
    {
        string name = NftMessageReading.Text(attributes.Find(NFTA_CHAIN_NAME));
        NftBaseChain? hook = NftMessageReading.ReadBaseChain(attributes);
        if (hook is { Type: NftChainType.Nat } nat && (nat.Hook == NftHook.Forward || nat.Priority <= -200)) throw new FakeRefusal(Errno.ENOTSUP);
        if (hook is { Type: NftChainType.Route, Hook: not NftHook.Output }) throw new FakeRefusal(Errno.ENOTSUP);
        if (table.Chains.TryGetValue(name, out FakeChain? chain))
        {
            UpdateChain(chain, hook);
            return;
        }
        string comment = NftUserData.FindText(attributes.Find(NFTA_CHAIN_USERDATA), NftUserData.ChainComment);
        Do(() => table.Chains[name] = new FakeChain(name, hook, comment), () => table.Chains.Remove(name));
    }

    /// <summary>Of a chain that exists only the policy can change.</summary>
    private void UpdateChain(FakeChain chain, NftBaseChain? hook)
    {
        NftBaseChain? before = chain.Base;
        if (hook is not null)
        {
            // A regular chain cannot have a policy, which ours always bring.
            if (before is null) throw new FakeRefusal(Errno.ENOTSUP);
            if (before.Type != hook.Type) throw new FakeRefusal(Errno.EEXIST);
            if (before.Hook != hook.Hook || before.Priority != hook.Priority) throw new FakeRefusal(Errno.ENOTSUP);
        }
        Do(() => chain.Base = hook ?? before, () => chain.Base = before);
    }

    private void DeleteChain(FakeTable table, NetlinkAttributes attributes)
    {
        FakeChain chain = Chain(table, NftMessageReading.Text(attributes.Find(NFTA_CHAIN_NAME)));
        // The kernel counts before it takes the chain's own rules away: a chain that jumps to itself is busy.
        if (chain.Use > 0) throw new FakeRefusal(Errno.EBUSY);
        Flush(chain);
        Do(() => table.Chains.Remove(chain.Name), () => table.Chains[chain.Name] = chain);
    }

    private static FakeChain Chain(FakeTable table, string name) => table.Chains.GetValueOrDefault(name) ?? throw new FakeRefusal(Errno.ENOENT);

    /// <summary>Where a verdict leads: a regular chain that exists, or nowhere.</summary>
    private static FakeChain? Target(FakeTable table, NftVerdict verdict)
    {
        if (verdict.Chain is null) return null;
        FakeChain chain = table.Chains.GetValueOrDefault(verdict.Chain) ?? throw new FakeRefusal(Errno.ENOENT);
        return chain.Base is null ? chain : throw new FakeRefusal(Errno.ENOTSUP);
    }

    private void Do(Action change, Action back)
    {
        change();
        undo.Push(back);
        Changed = true;
    }
}
