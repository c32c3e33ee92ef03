using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing.Nftables;

/// <summary>Reads the expressions of a rule as the kernel would set them up: what they refer to, and whether every register that is read was written.</summary>
internal sealed class FakeExpressions
{
    private readonly List<FakeSet> sets = [];
    private readonly List<FakeChain> chains = [];
    private uint written;

    internal IReadOnlyList<FakeSet> Sets => sets;

    internal IReadOnlyList<FakeChain> Chains => chains;

    internal static FakeExpressions Read(ReadOnlySpan<byte> list, Func<string, uint, FakeSet> findSet, Func<NftVerdict, FakeChain?> findChain)
    {
        FakeExpressions expressions = new();
        int count = 0;
        foreach (NetlinkAttribute expression in new NetlinkAttributes(list))
        {
            if (++count > MaxExpressions) throw new FakeRefusal(Errno.EINVAL);
            string name = NftMessageReading.Text(expression.Nested.Find(NFTA_EXPR_NAME));
            expressions.Add(name, new NetlinkAttributes(expression.Nested.Find(NFTA_EXPR_DATA)), findSet, findChain);
        }
        return expressions;
    }

    private void Add(string name, NetlinkAttributes data, Func<string, uint, FakeSet> findSet, Func<NftVerdict, FakeChain?> findChain)
    {
        switch (name)
        {
            case "meta" when !data.Find(NFTA_META_DREG).IsEmpty: Write(data, NFTA_META_DREG, MetaLength(U32(data, NFTA_META_KEY))); break;
            case "payload" when !data.Find(NFTA_PAYLOAD_SREG).IsEmpty: ReadRegister(U32(data, NFTA_PAYLOAD_SREG), (int)U32(data, NFTA_PAYLOAD_LEN)); break;
            case "payload": Write(data, NFTA_PAYLOAD_DREG, (int)U32(data, NFTA_PAYLOAD_LEN)); break;
            case "ct": Write(data, NFTA_CT_DREG, 4); break;
            case "fib": Write(data, NFTA_FIB_DREG, 4); break;
            case "immediate": Immediate(data, findChain); break;
            case "lookup": Lookup(data, findSet); break;
            case "cmp": ReadRegister(U32(data, NFTA_CMP_SREG), Value(data, NFTA_CMP_DATA)); break;
            case "meta": ReadRegister(U32(data, NFTA_META_SREG), 4); break;
            case "range" or "bitwise" or "counter" or "limit" or "connlimit" or "log" or "reject" or "masq" or "nat" or "notrack": break;
            default: throw new FakeRefusal(Errno.ENOENT);
        }
    }

    private void Immediate(NetlinkAttributes data, Func<NftVerdict, FakeChain?> findChain)
    {
        NetlinkAttributes value = new(data.Find(NFTA_IMMEDIATE_DATA));
        if (U32(data, NFTA_IMMEDIATE_DREG) != 0)
        {
            Write(data, NFTA_IMMEDIATE_DREG, value.Find(NFTA_DATA_VALUE).Length);
            return;
        }
        if (findChain(NftElementCollector.ReadVerdict(value.Find(NFTA_DATA_VERDICT))) is { } chain) chains.Add(chain);
    }

    private void Lookup(NetlinkAttributes data, Func<string, uint, FakeSet> findSet)
    {
        FakeSet set = findSet(NftMessageReading.Text(data.Find(NFTA_LOOKUP_SET)), U32(data, NFTA_LOOKUP_SET_ID));
        bool map = !data.Find(NFTA_LOOKUP_DREG).IsEmpty;
        ReadRegister(U32(data, NFTA_LOOKUP_SREG), set.Description.Key.Length);
        if (map && !set.Description.IsMap) throw new FakeRefusal(Errno.EINVAL);
        if (set.IsAnonymous && set.Users.Count > 0) throw new FakeRefusal(Errno.EBUSY);
        sets.Add(set);
    }

    private void Write(NetlinkAttributes data, ushort attribute, int length)
    {
        int first = Word(U32(data, attribute));
        for (int word = 0; word < (length + 3) / 4; word++) written |= 1u << (first + word);
    }

    private void ReadRegister(uint register, int length)
    {
        int first = Word(register);
        for (int word = 0; word < (length + 3) / 4; word++)
            if ((written & (1u << (first + word))) == 0) throw new FakeRefusal(Errno.ENODATA);
    }

    /// <summary>NFT_REG_1 to 4 are 16 bytes each, NFT_REG32_00 to 15 the same room in words.</summary>
    private static int Word(uint register) => register switch
    {
        >= 1 and <= 4 => ((int)register - 1) * 4,
        >= 8 and <= 23 => (int)register - 8,
        _ => throw new FakeRefusal(Errno.ERANGE),
    };

    private static int MetaLength(uint key) => key switch
    {
        NFT_META_IIFNAME or NFT_META_OIFNAME => IFNAMSIZ,
        NFT_META_NFPROTO or NFT_META_L4PROTO => 1,
        _ => 4,
    };

    private static int Value(NetlinkAttributes data, ushort attribute) => new NetlinkAttributes(data.Find(attribute)).Find(NFTA_DATA_VALUE).Length;

    private static uint U32(NetlinkAttributes data, ushort attribute) => NftMessageReading.UInt32(data.Find(attribute), 0);
}
