using System.Buffers.Binary;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Linux.Nftables;

/// <summary>
/// The elements of a set as flat bytes: 100,000 addresses are 400 kB and no objects. Those of an interval set are in the order of their keys, an END before a
/// start at the same key; those of a hash set are in no order.
/// </summary>
public sealed class NftElements
{
    private readonly byte[] keys;
    private readonly bool[]? ends;
    private readonly NftVerdict[]? verdicts;

    internal NftElements(NftKeyType type, byte[] keys, bool[]? ends, NftVerdict[]? verdicts) =>
        (Key, this.keys, this.ends, this.verdicts) = (type, keys, ends, verdicts);

    /// <summary>Type of the keys.</summary>
    public NftKeyType Key { get; }

    /// <summary>Elements, each END counted as one.</summary>
    public int Count => Key.Length == 0 ? 0 : keys.Length / Key.Length;

    /// <summary>All keys side by side.</summary>
    public ReadOnlySpan<byte> Keys => keys;

    /// <summary>The key of an element.</summary>
    public ReadOnlySpan<byte> KeyAt(int index) => keys.AsSpan(index * Key.Length, Key.Length);

    /// <summary>True for the key after the last one of a range.</summary>
    public bool IsEnd(int index) => ends is not null && ends[index];

    /// <summary>The verdict of an element of a verdict map.</summary>
    public NftVerdict VerdictAt(int index) => verdicts is null ? throw new InvalidOperationException("the set is no verdict map") : verdicts[index];

    /// <summary>An element of a set of addresses.</summary>
    public IpAddress AddressAt(int index) => IpAddress.FromBytes(KeyAt(index));

    /// <summary>An element of a set keyed by address . protocol . port.</summary>
    public NftConcatenation ConcatenationAt(int index)
    {
        ReadOnlySpan<byte> key = KeyAt(index), rest = key[^8..];
        return new NftConcatenation(IpAddress.FromBytes(key[..^8]), rest[0], BinaryPrimitives.ReadUInt16BigEndian(rest[4..]));
    }

    /// <summary>The ranges of a set of ports, in order; single ports are in no order in a hash set. Null when a range has no end: another program wrote there.</summary>
    public List<PortRange>? ReadPorts()
    {
        List<PortRange> ranges = [];
        for (int i = 0; i < Count; i++)
        {
            ushort first = BinaryPrimitives.ReadUInt16BigEndian(KeyAt(i));
            if (ends is null)
            {
                ranges.Add(new PortRange(first, first));
                continue;
            }
            if (IsEnd(i) || (i + 1 < Count && !IsEnd(i + 1))) return null;
            ranges.Add(new PortRange(first, i + 1 < Count ? (ushort)(BinaryPrimitives.ReadUInt16BigEndian(KeyAt(++i)) - 1) : ushort.MaxValue));
        }
        return ranges;
    }

    /// <summary>An element of a set or map of interface names.</summary>
    public string InterfaceNameAt(int index) => Encoding.UTF8.GetString(KeyAt(index).TrimEnd((byte)0));

    /// <summary>
    /// The prefixes of an interval set of addresses, in order. False when its ranges are not prefixes, or one has no end: then another program wrote there.
    /// </summary>
    public bool TryReadPrefixes(List<Cidr> prefixes)
    {
        for (int i = 0; i < Count;)
        {
            if (IsEnd(i)) return false;
            bool closed = i + 1 < Count && IsEnd(i + 1);
            if (!closed && i + 1 < Count) return false;
            if (!TryReadPrefix(AddressAt(i), closed ? AddressAt(i + 1) : null, out Cidr prefix)) return false;
            prefixes.Add(prefix);
            i += closed ? 2 : 1;
        }
        return true;
    }

    /// <summary>The prefix from an address to the one before the next; without a next one to the last address of all.</summary>
    private static bool TryReadPrefix(IpAddress first, IpAddress? next, out Cidr prefix)
    {
        int bits = first.Family.Bits;
        for (int length = 0; length <= bits; length++)
        {
            prefix = new Cidr(first, length);
            if (prefix.Address == first && After(prefix.Last) == next) return true;
        }
        prefix = default;
        return false;
    }

    private static IpAddress? After(IpAddress address) => address.Family == IpFamily.V4
        ? address.V4 == uint.MaxValue ? null : IpAddress.FromV4(address.V4 + 1)
        : address.Low != ulong.MaxValue ? address with { Low = address.Low + 1 }
        : address.High != ulong.MaxValue ? address with { High = address.High + 1, Low = 0 }
        : null;
}
