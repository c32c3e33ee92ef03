using System.Buffers.Binary;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Makes values of the messages by which the kernel tells what it holds, and which are those of a batch too.</summary>
internal static class NftMessageReading
{
    internal static NftBaseChain? ReadBaseChain(NetlinkAttributes chain)
    {
        ReadOnlySpan<byte> hook = chain.Find(NFTA_CHAIN_HOOK);
        if (hook.IsEmpty) return null;
        int number = 0, priority = 0;
        foreach (NetlinkAttribute attribute in new NetlinkAttributes(hook))
        {
            if (attribute.Type == NFTA_HOOK_HOOKNUM) number = (int)attribute.UInt32BigEndian;
            else if (attribute.Type == NFTA_HOOK_PRIORITY) priority = (int)attribute.UInt32BigEndian;
        }
        return new NftBaseChain(ReadType(chain.Find(NFTA_CHAIN_TYPE)), (NftHook)number, priority, (NftPolicy)UInt32(chain.Find(NFTA_CHAIN_POLICY), 1));
    }

    internal static NftTableRule ReadRule(NetlinkAttributes rule)
    {
        ulong handle = 0;
        NftCounter? counter = null;
        ReadOnlySpan<byte> userData = default;
        foreach (NetlinkAttribute attribute in rule)
        {
            if (attribute.Type == NFTA_RULE_HANDLE) handle = attribute.UInt64BigEndian;
            else if (attribute.Type == NFTA_RULE_USERDATA) userData = attribute.Payload;
            else if (attribute.Type == NFTA_RULE_EXPRESSIONS) counter = ReadCounter(attribute.Nested);
        }
        ReadOnlySpan<byte> identity = NftUserData.Find(userData, NftUserData.RuleIdentity);
        return new NftTableRule(handle, identity.Length == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(identity) : 0,
            NftUserData.FindText(userData, NftUserData.RuleComment), counter);
    }

    internal static NftSet ReadSet(NetlinkAttributes set)
    {
        string comment = NftUserData.FindText(set.Find(NFTA_SET_USERDATA), NftUserData.SetComment);
        uint size = UInt32(new NetlinkAttributes(set.Find(NFTA_SET_DESC)).Find(NFTA_SET_DESC_SIZE), 0);
        NftKeyType key = NftKeyType.From(UInt32(set.Find(NFTA_SET_KEY_TYPE), 0), (int)UInt32(set.Find(NFTA_SET_KEY_LEN), 0));
        return new NftSet(Text(set.Find(NFTA_SET_NAME)), key, (NftSetFlags)UInt32(set.Find(NFTA_SET_FLAGS), 0), size, comment);
    }

    internal static string Text(ReadOnlySpan<byte> payload)
    {
        int end = payload.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? payload : payload[..end]);
    }

    internal static uint UInt32(ReadOnlySpan<byte> payload, uint absent) => payload.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(payload) : absent;

    private static NftChainType ReadType(ReadOnlySpan<byte> name) => Text(name) switch
    {
        "nat" => NftChainType.Nat,
        "route" => NftChainType.Route,
        _ => NftChainType.Filter,
    };

    private static NftCounter? ReadCounter(NetlinkAttributes expressions)
    {
        foreach (NetlinkAttribute expression in expressions)
        {
            NetlinkAttributes parts = expression.Nested;
            if (!parts.Find(NFTA_EXPR_NAME).StartsWith("counter\0"u8)) continue;
            ulong packets = 0, bytes = 0;
            foreach (NetlinkAttribute value in new NetlinkAttributes(parts.Find(NFTA_EXPR_DATA)))
            {
                if (value.Type == NFTA_COUNTER_BYTES) bytes = value.UInt64BigEndian;
                else if (value.Type == NFTA_COUNTER_PACKETS) packets = value.UInt64BigEndian;
            }
            return new NftCounter(packets, bytes);
        }
        return null;
    }
}
