using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// Makes a sentence of a kernel error by walking the batch that was sent: the sequence number leads to the message, the offset to the field.
/// </summary>
internal static class NftErrorText
{
    private const int AttributesStart = 20;

    internal static string Describe(NftTransaction transaction, NetlinkError error)
    {
        ReadOnlySpan<byte> batch = transaction.Batch();
        ReadOnlySpan<byte> message = FindMessage(batch, error.Sequence, out int start);
        string request = error.Sequence == 0
            ? $"begin a transaction on table {transaction.Table}"
            : Request(transaction, batch[..start], message, error.Offset);
        string detail = error.Message is null ? "" : $": {error.Message}";
        return $"{request}: {Errno.Describe(error.Errno)}{detail}{Place(message, error.Offset)}";
    }

    private static ReadOnlySpan<byte> FindMessage(ReadOnlySpan<byte> batch, uint sequence, out int start)
    {
        start = 0;
        for (uint index = 0; start + 16 <= batch.Length; index++)
        {
            int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(batch[start..]);
            if (index == sequence) return batch.Slice(start, length);
            start += length;
        }
        return default;
    }

    private static string Request(NftTransaction transaction, ReadOnlySpan<byte> before, ReadOnlySpan<byte> bytes, int offset)
    {
        if (bytes.Length <= AttributesStart) return $"commit to table {transaction.Table}";
        NetlinkMessage message = new(bytes);
        NetlinkAttributes attributes = message.Attributes(4);
        string name = Text(attributes.Find(2)), chain = Text(attributes.Find(NFTA_CHAIN_NAME));
        return (message.Type & 0xff) switch
        {
            NFT_MSG_NEWTABLE => $"add table {transaction.Table}",
            NFT_MSG_DELTABLE => $"delete table {transaction.Table}",
            NFT_MSG_NEWCHAIN => $"add chain {chain}",
            NFT_MSG_DELCHAIN => $"delete chain {chain}",
            NFT_MSG_NEWRULE => NewRule(before, message, name),
            NFT_MSG_DELRULE => DeleteRule(attributes, name),
            NFT_MSG_NEWSET => name.StartsWith("__set", StringComparison.Ordinal) ? "add an anonymous set" : $"add set {name}",
            NFT_MSG_DELSET => $"delete set {name}",
            NFT_MSG_NEWSETELEM => $"add {Elements(transaction, bytes, name, offset)} to set {name}",
            NFT_MSG_DELSETELEM when attributes.Find(NFTA_SET_ELEM_LIST_ELEMENTS).IsEmpty => $"flush set {name}",
            NFT_MSG_DELSETELEM => $"delete {Elements(transaction, bytes, name, offset)} from set {name}",
            int type => $"message {type}",
        };
    }

    private static string NewRule(ReadOnlySpan<byte> before, NetlinkMessage message, string chain)
    {
        NetlinkAttributes attributes = message.Attributes(4);
        string comment = NftUserData.FindText(attributes.Find(NFTA_RULE_USERDATA), NftUserData.RuleComment);
        string quoted = comment.Length == 0 ? "" : $"\"{comment}\"";
        if ((message.Flags & NLM_F_REPLACE) != 0)
            return $"replace rule {Handle(attributes)} of chain {chain}{(quoted.Length == 0 ? "" : $" ({quoted})")}";
        string verb = (message.Flags & NLM_F_APPEND) != 0 ? "add" : "insert";
        return $"{verb} rule to chain {chain} (rule {RuleNumber(before, chain)}{(quoted.Length == 0 ? "" : $", {quoted}")})";
    }

    private static string DeleteRule(NetlinkAttributes attributes, string chain) => attributes.Find(NFTA_RULE_HANDLE).IsEmpty
        ? $"flush chain {chain}"
        : $"delete rule {Handle(attributes)} of chain {chain}";

    /// <summary>The rule's number among those that this batch writes to the chain.</summary>
    private static int RuleNumber(ReadOnlySpan<byte> before, string chain)
    {
        int number = 1;
        NetlinkReader reader = new(before);
        while (reader.Next())
        {
            if (reader.Current.Type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE) && Text(reader.Current.Attributes(4).Find(NFTA_RULE_CHAIN)) == chain)
                number++;
        }
        return number;
    }

    private static string Handle(NetlinkAttributes attributes)
    {
        ReadOnlySpan<byte> handle = attributes.Find(NFTA_RULE_HANDLE);
        return handle.Length == 8 ? $"handle {BinaryPrimitives.ReadUInt64BigEndian(handle)}" : "without handle";
    }

    /// <summary>The element that the offset points at, else their number.</summary>
    private static string Elements(NftTransaction transaction, ReadOnlySpan<byte> message, string name, int offset)
    {
        int count = 0;
        NftSet? set = transaction.FindSet(name);
        ReadOnlySpan<byte> before = default;
        for (int at = ListStart(message); at > 0 && at + 4 <= message.Length; count++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
            if (length < 4 || at + length > message.Length) break;
            ReadOnlySpan<byte> element = message[(at + 4)..(at + length)];
            int next = at + ((length + 3) & ~3);
            if (offset >= at && offset < at + length)
                return $"element {(IsEnd(element) ? Interval(set, before, element) : Single(set, element, message[next..]))}";
            at = next;
            before = element;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{count} elements");
    }

    /// <summary>An element, with the END after it where it has one.</summary>
    private static string Single(NftSet? set, ReadOnlySpan<byte> element, ReadOnlySpan<byte> rest)
    {
        NetlinkAttributes following = new(rest);
        if (following.MoveNext() && IsEnd(following.Current.Payload)) return Interval(set, element, following.Current.Payload);
        return set?.Key.Format(Key(element)) ?? Convert.ToHexStringLower(Key(element));
    }

    private static string Interval(NftSet? set, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end) => set is null || start.IsEmpty
        ? $"before {Convert.ToHexStringLower(Key(end))}"
        : NftValueText.Range(set.Key, Key(start), Key(end));

    private static ReadOnlySpan<byte> Key(ReadOnlySpan<byte> element) =>
        new NetlinkAttributes(new NetlinkAttributes(element).Find(NFTA_SET_ELEM_KEY)).Find(NFTA_DATA_VALUE);

    private static bool IsEnd(ReadOnlySpan<byte> element) => NftElementCollector.IsEnd(new NetlinkAttributes(element).Find(NFTA_SET_ELEM_FLAGS));

    private static int ListStart(ReadOnlySpan<byte> message)
    {
        for (int at = AttributesStart; at + 4 <= message.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
            if ((BinaryPrimitives.ReadUInt16LittleEndian(message[(at + 2)..]) & 0x3fff) == NFTA_SET_ELEM_LIST_ELEMENTS) return at + 4;
            at += Math.Max(4, (length + 3) & ~3);
        }
        return -1;
    }

    /// <summary>Path of names down to the attribute at the offset: <c>: at EXPRESSIONS/lookup/SET 's4'</c>.</summary>
    private static string Place(ReadOnlySpan<byte> message, int offset)
    {
        if (offset < AttributesStart || offset + 4 > message.Length) return "";
        StringBuilder path = new(": at ");
        int type = message[4];
        Walk(path, message, AttributesStart, message.Length, offset, new NftAttributeNames(type));
        return path.Length == 5 ? "" : path.ToString();
    }

    private static void Walk(StringBuilder path, ReadOnlySpan<byte> message, int start, int end, int offset, NftAttributeNames names)
    {
        for (int at = start; at + 4 <= end;)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(message[(at + 2)..]);
            if (length < 4 || at + length > end) return;
            if (offset < at + length)
            {
                ReadOnlySpan<byte> payload = message[(at + 4)..(at + length)];
                string name = names.Name(type & 0x3fff, payload);
                if (name.Length > 0) path.Append(path[^1] == ' ' ? "" : "/").Append(name);
                if (offset > at) Walk(path, message, at + 4, at + length, offset, names.Inside(type & 0x3fff, payload));
                else if ((type & 0x8000) == 0 && names.IsText(type & 0x3fff)) path.Append(CultureInfo.InvariantCulture, $" '{Text(payload)}'");
                return;
            }
            at += (length + 3) & ~3;
        }
    }

    private static string Text(ReadOnlySpan<byte> payload) => NftMessageReading.Text(payload);
}
