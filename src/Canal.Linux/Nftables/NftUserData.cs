using System.Buffers.Binary;
using System.Text;
using Canal.Linux.Netlink;

namespace Canal.Linux.Nftables;

/// <summary>
/// User data as libnftnl lays it out (udata.h): TLVs of u8 type, u8 length, value. nft shows the comment and passes over types it does not know,
/// which is where a rule's identity lives. A rule's user data holds at most 256 bytes.
/// </summary>
internal static class NftUserData
{
    internal const byte RuleComment = 0;
    internal const byte ChainComment = 0;
    internal const byte SetKeyByteOrder = 0;
    internal const byte SetComment = 7;

    /// <summary>Ours; far from the numbers that nft gives out one by one.</summary>
    internal const byte RuleIdentity = 0x43;

    private const int MaxCommentBytes = 127;

    /// <summary>
    /// A comment that nft prints and reads back: control characters become spaces, a double quote (nft has no escape) a single one, cut to 127 bytes
    /// between characters.
    /// </summary>
    internal static string Clean(string? comment)
    {
        if (string.IsNullOrEmpty(comment)) return "";
        // Nearly all are so, and there is one for each rule.
        if (comment.Length <= MaxCommentBytes && comment.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 && !comment.Contains('"')) return comment;
        StringBuilder text = new(comment.Length);
        int bytes = 0;
        foreach (Rune rune in comment.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > MaxCommentBytes) break;
            if (Rune.IsControl(rune)) text.Append(' ');
            else if (rune.Value == '"') text.Append('\'');
            else text.Append(rune.ToString());
        }
        return text.ToString();
    }

    /// <summary>The TLV of a cleaned comment, into an attribute of its own.</summary>
    internal static void WriteComment(NetlinkWriter writer, ushort attribute, byte type, string comment)
    {
        int length = Encoding.UTF8.GetByteCount(comment) + 1;
        Span<byte> data = writer.Attribute(attribute, 2 + length);
        (data[0], data[1]) = (type, (byte)length);
        Encoding.UTF8.GetBytes(comment, data[2..]);
    }

    /// <summary>What nft writes for a set: byte order of the key, then the comment.</summary>
    internal static void WriteSet(NetlinkWriter writer, NftKeyType key, string comment)
    {
        int length = comment.Length == 0 ? 0 : Encoding.UTF8.GetByteCount(comment) + 1;
        Span<byte> data = writer.Attribute(NftConstants.NFTA_SET_USERDATA, 6 + (length == 0 ? 0 : 2 + length));
        (data[0], data[1]) = (SetKeyByteOrder, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(data[2..], key.IsConcatenation ? 0u : key.IsHostOrder ? 1u : 2u);
        if (length == 0) return;
        (data[6], data[7]) = (SetComment, (byte)length);
        Encoding.UTF8.GetBytes(comment, data[8..]);
    }

    /// <summary>The value of the first TLV of a type; empty when there is none or the data is malformed.</summary>
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> data, byte type)
    {
        while (data.Length >= 2 && data.Length >= 2 + data[1])
        {
            if (data[0] == type) return data.Slice(2, data[1]);
            data = data[(2 + data[1])..];
        }
        return default;
    }

    /// <summary>The text of a comment TLV, or "".</summary>
    internal static string FindText(ReadOnlySpan<byte> data, byte type)
    {
        ReadOnlySpan<byte> value = Find(data, type);
        return value.IsEmpty ? "" : Encoding.UTF8.GetString(value[^1] == 0 ? value[..^1] : value);
    }
}
