using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Finds what the refused messages of a transaction were about.</summary>
internal static class NftFaults
{
    /// <summary>
    /// One for each refused message, in the order of the messages: each is tried, so what follows from an earlier fault is told too. A fault of a set
    /// written inside a rule is the rule's.
    /// </summary>
    internal static List<NftFault> Of(NftTransaction transaction, IReadOnlyDictionary<uint, NetlinkError> errors)
    {
        List<NftFault> faults = [];
        int inside = 0;
        NetlinkReader reader = new(transaction.Batch());
        while (reader.Next())
        {
            NetlinkMessage message = reader.Current;
            int errno = errors.TryGetValue(message.Sequence, out NetlinkError error) ? error.Errno : 0;
            if (IsAnonymous(message))
            {
                if (inside == 0) inside = errno;
                continue;
            }
            if (errno == 0) errno = inside;
            inside = 0;
            if (errno != 0) faults.Add(FaultOf(message, errno));
        }
        return faults;
    }

    private static bool IsAnonymous(NetlinkMessage message) =>
        IsOfSets(message) && NftMessageReading.Text(message.Attributes(4).Find(NFTA_SET_NAME)).StartsWith("__set", StringComparison.Ordinal);

    private static NftFault FaultOf(NetlinkMessage message, int errno)
    {
        if (message.Type >> 8 != NFNL_SUBSYS_NFTABLES) return new NftFault(errno, null, null);
        NetlinkAttributes attributes = message.Attributes(4);
        return (message.Type & 0xff) switch
        {
            NFT_MSG_NEWCHAIN or NFT_MSG_DELCHAIN => new NftFault(errno, NftMessageReading.Text(attributes.Find(NFTA_CHAIN_NAME)), null),
            NFT_MSG_NEWRULE or NFT_MSG_DELRULE => new NftFault(errno, NftMessageReading.Text(attributes.Find(NFTA_RULE_CHAIN)), null, CommentOf(attributes)),
            _ when IsOfSets(message) => new NftFault(errno, null, NftMessageReading.Text(attributes.Find(NFTA_SET_NAME))),
            _ => new NftFault(errno, null, null),
        };
    }

    private static string? CommentOf(NetlinkAttributes rule) => NftUserData.FindText(rule.Find(NFTA_RULE_USERDATA), NftUserData.RuleComment) is { Length: > 0 } comment ? comment : null;

    private static bool IsOfSets(NetlinkMessage message) => message.Type >> 8 == NFNL_SUBSYS_NFTABLES
        && (message.Type & 0xff) is NFT_MSG_NEWSET or NFT_MSG_DELSET or NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM;
}
