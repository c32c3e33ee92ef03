using Canal.Linux.Netlink;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Gathers the elements of one set from NFTA_SET_ELEM_LIST_ELEMENTS payloads.</summary>
internal sealed class NftElementCollector(NftSet set)
{
    private readonly NetlinkBuffer keys = new(1024);
    private readonly List<bool> ends = [];
    private readonly List<NftVerdict> verdicts = [];

    internal void Add(ReadOnlySpan<byte> list)
    {
        foreach (NetlinkAttribute entry in new NetlinkAttributes(list))
        {
            NetlinkAttributes element = entry.Nested;
            ReadOnlySpan<byte> key = new NetlinkAttributes(element.Find(NFTA_SET_ELEM_KEY)).Find(NFTA_DATA_VALUE);
            // A catch-all element, or a key cut short: nothing that we write.
            if (key.Length != set.Key.Length) continue;
            key.CopyTo(keys.Append(key.Length));
            if (set.IsInterval) ends.Add(IsEnd(element.Find(NFTA_SET_ELEM_FLAGS)));
            if (set.IsMap) verdicts.Add(ReadVerdict(new NetlinkAttributes(element.Find(NFTA_SET_ELEM_DATA)).Find(NFTA_DATA_VERDICT)));
        }
    }

    internal NftElements Finish()
    {
        byte[] flat = keys.Written.ToArray();
        bool[]? flags = set.IsInterval ? [.. ends] : null;
        NftVerdict[]? data = set.IsMap ? [.. verdicts] : null;
        return set.IsInterval ? Sort(flat, flags!, data) : new NftElements(set.Key, flat, flags, data);
    }

    internal static NftVerdict ReadVerdict(ReadOnlySpan<byte> payload)
    {
        string? chain = null;
        int code = 0;
        foreach (NetlinkAttribute attribute in new NetlinkAttributes(payload))
        {
            if (attribute.Type == NFTA_VERDICT_CODE) code = (int)attribute.UInt32BigEndian;
            else if (attribute.Type == NFTA_VERDICT_CHAIN) chain = attribute.String;
        }
        return new NftVerdict((NftVerdictCode)code, chain);
    }

    internal static bool IsEnd(ReadOnlySpan<byte> flags) => flags.Length == 4 && (flags[3] & NFT_SET_ELEM_INTERVAL_END) != 0;

    private NftElements Sort(byte[] flat, bool[] flags, NftVerdict[]? data)
    {
        int length = set.Key.Length;
        int[] order = new int[flags.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (a, b) =>
        {
            int byKey = flat.AsSpan(a * length, length).SequenceCompareTo(flat.AsSpan(b * length, length));
            return byKey != 0 ? byKey : flags[b].CompareTo(flags[a]);
        });
        byte[] sorted = new byte[flat.Length];
        for (int i = 0; i < order.Length; i++) flat.AsSpan(order[i] * length, length).CopyTo(sorted.AsSpan(i * length));
        return new NftElements(set.Key, sorted, Array.ConvertAll(order, i => flags[i]), data is null ? null : Array.ConvertAll(order, i => data[i]));
    }
}
