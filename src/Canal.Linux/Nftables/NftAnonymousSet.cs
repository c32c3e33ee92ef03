using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;

namespace Canal.Linux.Nftables;

/// <summary>
/// The content of a set written inside a rule, <c>{ 22, 80-90 }</c>. It comes into being in the batch of its rule and dies with it.
/// </summary>
internal sealed class NftAnonymousSet : IEquatable<NftAnonymousSet>
{
    /// <summary>64 KiB less the list's header and a pair of the longest elements.</summary>
    private const int LongestRun = 65_000;

    private readonly byte[] elements;

    private NftAnonymousSet(NftKeyType key, NftSetFlags flags, NetlinkBuffer buffer)
    {
        foreach (NetlinkAttribute _ in new NetlinkAttributes(buffer.Written)) Count++;
        (Key, Flags, elements) = (key, NftSetFlags.Anonymous | NftSetFlags.Constant | flags, buffer.Written.ToArray());
    }

    internal NftKeyType Key { get; }

    internal NftSetFlags Flags { get; }

    /// <summary>Elements, END ones included.</summary>
    internal int Count { get; }

    /// <summary>All elements, as in NFTA_SET_ELEM_LIST_ELEMENTS, whose 16-bit length they may exceed.</summary>
    internal ReadOnlySpan<byte> Elements => elements;

    /// <summary>The elements as ranges of keys, in their order.</summary>
    internal IReadOnlyList<NftRange> Ranges()
    {
        List<NftRange> ranges = [];
        byte[]? first = null;
        foreach (NetlinkAttribute element in new NetlinkAttributes(elements))
        {
            byte[] key = new NetlinkAttributes(element.Nested.Find(NftConstants.NFTA_SET_ELEM_KEY)).Find(NftConstants.NFTA_DATA_VALUE).ToArray();
            bool isEnd = NftElementCollector.IsEnd(element.Nested.Find(NftConstants.NFTA_SET_ELEM_FLAGS));
            if (isEnd) ranges.Add(new NftRange(first!, NftInterval.Before(key)));
            // What has no end holds the last key of all.
            else if (first is not null) ranges.Add(new NftRange(first, NftInterval.Before(new byte[key.Length])));
            else if ((Flags & NftSetFlags.Interval) == 0) ranges.Add(new NftRange(key));
            first = isEnd || (Flags & NftSetFlags.Interval) == 0 ? null : key;
        }
        if (first is not null) ranges.Add(new NftRange(first, NftInterval.Before(new byte[first.Length])));
        return ranges;
    }

    /// <summary>The elements in runs that each fit one message; an END stays with its start.</summary>
    internal List<Range> Runs()
    {
        List<Range> runs = [];
        int start = 0, at = 0;
        foreach (NetlinkAttribute element in new NetlinkAttributes(elements))
        {
            bool isEnd = NftElementCollector.IsEnd(element.Nested.Find(NftConstants.NFTA_SET_ELEM_FLAGS));
            if (at - start > LongestRun && !isEnd)
            {
                runs.Add(start..at);
                start = at;
            }
            at += (element.Payload.Length + 4 + 3) & ~3;
        }
        if (at > start) runs.Add(start..at);
        return runs;
    }

    /// <summary>Single keys, side by side.</summary>
    internal static NftAnonymousSet OfKeys(NftKeyType type, ReadOnlySpan<byte> keys)
    {
        NetlinkBuffer buffer = new(64);
        for (; !keys.IsEmpty; keys = keys[type.Length..]) keys[..type.Length].CopyTo(new NftElementWriter(buffer).Element(type.Length));
        return new NftAnonymousSet(type, NftSetFlags.None, buffer);
    }

    /// <summary>Ports; the ranges must be sorted and apart (<see cref="Merge"/>).</summary>
    internal static NftAnonymousSet OfPorts(List<PortRange> ranges)
    {
        bool interval = ranges.Exists(range => range.First != range.Last);
        NetlinkBuffer buffer = new(64);
        NftElementWriter writer = new(buffer);
        foreach (PortRange range in ranges)
        {
            BinaryPrimitives.WriteUInt16BigEndian(writer.Element(2), range.First);
            if (interval && range.Last != ushort.MaxValue) BinaryPrimitives.WriteUInt16BigEndian(writer.Element(2, end: true), (ushort)(range.Last + 1));
        }
        return new NftAnonymousSet(NftKeyType.Port, interval ? NftSetFlags.Interval : NftSetFlags.None, buffer);
    }

    /// <summary>Prefixes of one family; overlapping ones are left out (the kernel would refuse them).</summary>
    internal static NftAnonymousSet OfPrefixes(NftKeyType type, ReadOnlySpan<Cidr> prefixes)
    {
        Cidr[] sorted = prefixes.ToArray();
        Array.Sort(sorted);
        NetlinkBuffer buffer = new(64);
        Cidr? widest = null;
        foreach (Cidr prefix in sorted)
        {
            if (widest is { } before && before.Contains(prefix)) continue;
            widest = prefix;
            NftInterval.Write(buffer, prefix);
        }
        return new NftAnonymousSet(type, NftSetFlags.Interval, buffer);
    }

    /// <summary>Sorts and joins ranges that overlap or touch.</summary>
    internal static List<PortRange> Merge(ReadOnlySpan<PortRange> ranges)
    {
        PortRange[] sorted = ranges.ToArray();
        Array.Sort(sorted, (a, b) => a.First.CompareTo(b.First));
        List<PortRange> merged = [];
        foreach (PortRange range in sorted)
        {
            if (range.First > range.Last) throw new ArgumentException($"the port range {range} is empty");
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            else
                merged.Add(range);
        }
        return merged;
    }

    public bool Equals(NftAnonymousSet? other) =>
        other is not null && Key == other.Key && Flags == other.Flags && Elements.SequenceEqual(other.Elements);

    public override bool Equals(object? obj) => Equals(obj as NftAnonymousSet);

    public override int GetHashCode() => HashCode.Combine(Key, Flags, elements.Length);
}
