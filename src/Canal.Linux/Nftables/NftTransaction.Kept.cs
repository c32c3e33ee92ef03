using System.Diagnostics.CodeAnalysis;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>A transaction as bytes that can be kept on disk and committed after a reboot. The messages are the kernel's own ABI, which does not change.</summary>
public sealed partial class NftTransaction
{
    /// <summary>The batch, for <see cref="TryRestore"/>; valid until the transaction is used again.</summary>
    public ReadOnlyMemory<byte> Keep() => BatchMemory();

    /// <summary>
    /// Takes back what <see cref="Keep"/> gave. Refuses bytes that are not whole, and any message that does more than add to this one table: kept bytes must
    /// not become a way to touch another's.
    /// </summary>
    /// <param name="table">The only table that may be added to.</param>
    /// <param name="kept">The batch, from its BEGIN to its END.</param>
    /// <param name="transaction">Ready to be committed.</param>
    /// <param name="wrong">Why not, as a phrase.</param>
    public static bool TryRestore(string table, ReadOnlySpan<byte> kept, [NotNullWhen(true)] out NftTransaction? transaction, [NotNullWhen(false)] out string? wrong)
    {
        transaction = null;
        NftTransaction restored = new(table);
        NetlinkReader reader = new(kept);
        if (!reader.Next() || reader.Current.Type != NFNL_MSG_BATCH_BEGIN)
        {
            wrong = "it does not begin as a batch";
            return false;
        }
        while (reader.Next())
        {
            NetlinkMessage message = reader.Current;
            if (message.Type == NFNL_MSG_BATCH_END)
            {
                (transaction, wrong) = (restored, null);
                return true;
            }
            if (!restored.TakeBack(message))
            {
                wrong = $"message {restored.Count + 1} is not an addition to table {table}";
                return false;
            }
        }
        wrong = "it is cut off";
        return false;
    }

    private bool TakeBack(NetlinkMessage message)
    {
        if (message.Type >> 8 != NFNL_SUBSYS_NFTABLES || !IsAddition(message.Type & 0xff)) return false;
        ReadOnlySpan<byte> payload = message.Payload;
        if (payload.Length % 4 != 0 || payload.Length < 4 + tableAttribute.Length || payload[0] != NFPROTO_INET || !payload[4..].StartsWith(tableAttribute)) return false;
        // The kernel takes the last of two attributes of one type: a second table name would win over the one that was looked at.
        int names = 0;
        foreach (NetlinkAttribute attribute in message.Attributes(4))
            if (attribute.Type == NFTA_TABLE) names++;
        if (names != 1) return false;
        int start = new NetlinkWriter(buffer).BeginMessage(message.Type, message.Flags, (uint)++Count);
        payload.CopyTo(buffer.Append(payload.Length));
        new NetlinkWriter(buffer).EndMessage(start);
        return true;
    }

    private static bool IsAddition(int type) =>
        type is NFT_MSG_NEWTABLE or NFT_MSG_NEWCHAIN or NFT_MSG_NEWRULE or NFT_MSG_NEWSET or NFT_MSG_NEWSETELEM;
}
