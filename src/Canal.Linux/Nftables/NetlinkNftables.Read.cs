using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Reads a table at one moment: several dumps, all of one generation.</summary>
public sealed partial class NetlinkNftables
{
    /// <summary>A host whose tables change during every one of these reads is not going to hold still for the next.</summary>
    private const int MaxAttempts = 20;

    public NftTable? Read(string table) => ReadTable(table, ReadAllElements);

    public NftTable? ReadOutline(string table) => ReadTable(table, (_, _) => 0);

    public NftTableFlags? ReadFlags(string table)
    {
        int errno = GetFlags(table, out NftTableFlags flags);
        if (errno == Errno.ENOENT) return null;
        Check(errno, $"read table {table}");
        return flags;
    }

    public uint Generation()
    {
        uint generation = 0;
        int errno = Get(NFT_MSG_GETGEN, null, null, message => generation = NftMessageReading.UInt32(message.Attributes(4).Find(NFTA_GEN_ID), 0));
        Check(errno, "read the generation");
        return generation;
    }

    public NftElements ReadElements(string table, string set)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            NftSet? description = null;
            int errno = Get(NFT_MSG_GETSET, table, set, message => description = NftMessageReading.ReadSet(message.Attributes(4)));
            NftElements? elements = null;
            if (errno == 0) errno = DumpElements(table, description!, out elements);
            if (errno == Errno.EINTR) continue;
            Check(errno, $"read set {set} of table {table}");
            return elements!;
        }
        throw Restless($"set {set} of table {table}");
    }

    public IReadOnlyList<NftTableRule> ReadRules(string table, string chain)
    {
        List<NftTableRule> rules = [];
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            rules.Clear();
            int errno = Dump(NFT_MSG_GETRULE, table, chain, message => rules.Add(NftMessageReading.ReadRule(message.Attributes(4))));
            if (errno == Errno.EINTR) continue;
            if (errno == Errno.ENOENT) return [];
            Check(errno, $"read chain {chain} of table {table}");
            return rules;
        }
        throw Restless($"chain {chain} of table {table}");
    }

    private NftTable? ReadTable(string table, Func<string, Dictionary<string, NftTableSet>, int> readElements)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            uint generation = Generation();
            int errno = GetFlags(table, out NftTableFlags flags);
            if (errno == Errno.ENOENT) return null;
            Dictionary<string, NftTableChain> chains = [];
            Dictionary<string, NftTableSet> sets = [];
            if (errno == 0) errno = DumpChains(table, chains);
            if (errno == 0) errno = DumpSets(table, sets);
            if (errno == 0) errno = readElements(table, sets);
            bool changed = errno == Errno.EINTR || Generation() != generation;
            if (changed) continue;
            Check(errno, $"read table {table}");
            return new NftTable(table, flags, generation, chains, sets);
        }
        throw Restless($"table {table}");
    }

    private int GetFlags(string table, out NftTableFlags flags)
    {
        NftTableFlags read = default;
        int errno = Get(NFT_MSG_GETTABLE, table, null, message => read = (NftTableFlags)NftMessageReading.UInt32(message.Attributes(4).Find(NFTA_TABLE_FLAGS), 0));
        flags = read;
        return errno;
    }

    /// <summary>GETCHAIN has no filter: the chains of other tables pass by unread.</summary>
    private int DumpChains(string table, Dictionary<string, NftTableChain> chains)
    {
        Dictionary<string, List<NftTableRule>> rules = [];
        int errno = Dump(NFT_MSG_GETCHAIN, table, null, message =>
        {
            NetlinkAttributes chain = message.Attributes(4);
            if (NftMessageReading.Text(chain.Find(NFTA_TABLE)) != table) return;
            string name = NftMessageReading.Text(chain.Find(NFTA_CHAIN_NAME));
            List<NftTableRule> list = rules[name] = [];
            string comment = NftUserData.FindText(chain.Find(NFTA_CHAIN_USERDATA), NftUserData.ChainComment);
            chains[name] = new NftTableChain(name, NftMessageReading.ReadBaseChain(chain), comment, list);
        });
        if (errno == 0) errno = DumpRules(table, rules);
        return errno;
    }

    private int DumpRules(string table, Dictionary<string, List<NftTableRule>> rules)
    {
        List<NftTableRule>? list = null;
        byte[] chain = [];
        int errno = Dump(NFT_MSG_GETRULE, table, null, message =>
        {
            NetlinkAttributes rule = message.Attributes(4);
            ReadOnlySpan<byte> name = rule.Find(NFTA_RULE_CHAIN);
            // Rules come chain by chain: the name is looked up once for each.
            if (list is null || !name.SequenceEqual(chain))
            {
                chain = name.ToArray();
                if (!rules.TryGetValue(NftMessageReading.Text(chain), out list)) list = rules[NftMessageReading.Text(chain)] = [];
            }
            list.Add(NftMessageReading.ReadRule(rule));
        });
        return errno;
    }

    private int DumpSets(string table, Dictionary<string, NftTableSet> sets) => Dump(NFT_MSG_GETSET, table, null, message =>
    {
        NftSet set = NftMessageReading.ReadSet(message.Attributes(4));
        if ((set.Flags & NftSetFlags.Anonymous) == 0) sets[set.Name] = new NftTableSet(set, null);
    });

    private int ReadAllElements(string table, Dictionary<string, NftTableSet> sets)
    {
        foreach (string name in (string[])[.. sets.Keys])
        {
            int errno = DumpElements(table, sets[name].Description, out NftElements elements);
            if (errno != 0) return errno;
            sets[name] = sets[name] with { Elements = elements };
        }
        return 0;
    }

    private int DumpElements(string table, NftSet set, out NftElements elements)
    {
        NftElementCollector collector = new(set);
        int errno = Dump(NFT_MSG_GETSETELEM, table, set.Name,
            message => collector.Add(message.Attributes(4).Find(NFTA_SET_ELEM_LIST_ELEMENTS)));
        elements = collector.Finish();
        return errno;
    }

    private static void Check(int errno, string request)
    {
        if (errno != 0) throw new NftException($"{request}: {Errno.Describe(errno)}", errno);
    }

    private static NftException Restless(string what) =>
        new($"read {what}: the namespace's tables changed during every one of {MaxAttempts} attempts", Errno.EINTR);
}
