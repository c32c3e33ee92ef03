using System.Buffers.Binary;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Writes entries of NFTA_SET_ELEM_LIST_ELEMENTS.</summary>
internal readonly ref struct NftElementWriter(NetlinkBuffer buffer)
{
    private const ushort Nested = 0x8000;

    private readonly NetlinkBuffer buffer = buffer;

    /// <summary>Bytes that one element takes.</summary>
    internal static int Size(int keyLength, bool end = false) => 12 + (end ? 8 : 0) + Pad(keyLength);

    /// <summary>Bytes that one element with a verdict takes.</summary>
    internal static int Size(int keyLength, NftVerdict verdict) =>
        Size(keyLength) + 16 + (verdict.Chain is null ? 0 : 4 + Pad(Encoding.UTF8.GetByteCount(verdict.Chain) + 1));

    /// <summary>One element; the key is to be written into the returned span before the next append.</summary>
    internal Span<byte> Element(int keyLength, bool end = false)
    {
        int size = Size(keyLength, end);
        Span<byte> bytes = buffer.Append(size);
        WriteHeader(bytes, size, NFTA_LIST_ELEM | Nested);
        bytes = bytes[4..];
        if (end)
        {
            WriteHeader(bytes, 8, NFTA_SET_ELEM_FLAGS);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], NFT_SET_ELEM_INTERVAL_END);
            bytes = bytes[8..];
        }
        WriteHeader(bytes, 8 + keyLength, NFTA_SET_ELEM_KEY | Nested);
        WriteHeader(bytes[4..], 4 + keyLength, NFTA_DATA_VALUE);
        return bytes.Slice(8, keyLength);
    }

    /// <summary>One element of a verdict map.</summary>
    internal void Element(ReadOnlySpan<byte> key, NftVerdict verdict)
    {
        NetlinkWriter writer = new(buffer);
        int element = writer.BeginNested(NFTA_LIST_ELEM);
        int keyNest = writer.BeginNested(NFTA_SET_ELEM_KEY);
        writer.Bytes(NFTA_DATA_VALUE, key);
        writer.EndNested(keyNest);
        int data = writer.BeginNested(NFTA_SET_ELEM_DATA);
        WriteVerdict(writer, verdict);
        writer.EndNested(data);
        writer.EndNested(element);
    }

    /// <summary>NFTA_DATA_VERDICT, in an element or in an immediate expression.</summary>
    internal static void WriteVerdict(NetlinkWriter writer, NftVerdict verdict)
    {
        int nest = writer.BeginNested(NFTA_DATA_VERDICT);
        writer.UInt32BigEndian(NFTA_VERDICT_CODE, (uint)(int)verdict.Code);
        if (verdict.Chain is not null) writer.String(NFTA_VERDICT_CHAIN, verdict.Chain);
        writer.EndNested(nest);
    }

    private static void WriteHeader(Span<byte> target, int length, int type)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)type);
    }

    private static int Pad(int length) => (length + 3) & ~3;
}
