using Canal.Core.Addressing;
using Canal.Linux.Netlink;

namespace Canal.Linux.Nftables;

/// <summary>
/// Ranges in an interval set are two elements: the first key, and an END at the key after the last. A range that holds the last key of all has no END.
/// The two must follow each other: the kernel accepts half an interval without a word.
/// </summary>
internal static class NftInterval
{
    private const int MaxKeyLength = 64;

    /// <summary>The largest pair of elements for keys of this length.</summary>
    internal static int Size(int keyLength) => NftElementWriter.Size(keyLength) + NftElementWriter.Size(keyLength, end: true);

    /// <summary>The addresses of a prefix.</summary>
    internal static void Write(NetlinkBuffer buffer, Cidr prefix)
    {
        Span<byte> last = stackalloc byte[16];
        int length = prefix.Last.WriteBytes(last);
        prefix.Address.WriteBytes(new NftElementWriter(buffer).Element(length));
        WriteEnd(buffer, last[..length]);
    }

    /// <summary>The keys from first to last, both included.</summary>
    internal static void Write(NetlinkBuffer buffer, ReadOnlySpan<byte> first, ReadOnlySpan<byte> last)
    {
        first.CopyTo(new NftElementWriter(buffer).Element(first.Length));
        WriteEnd(buffer, last);
    }

    private static void WriteEnd(NetlinkBuffer buffer, ReadOnlySpan<byte> last)
    {
        Span<byte> next = stackalloc byte[MaxKeyLength];
        next = next[..last.Length];
        last.CopyTo(next);
        if (Increment(next)) next.CopyTo(new NftElementWriter(buffer).Element(last.Length, end: true));
    }

    /// <summary>The key before this one in memory order; before zero comes the last.</summary>
    internal static byte[] Before(ReadOnlySpan<byte> key)
    {
        byte[] before = key.ToArray();
        for (int i = before.Length - 1; i >= 0; i--)
            if (before[i]-- != 0) break;
        return before;
    }

    /// <summary>The next key in memory order; false after the last one.</summary>
    private static bool Increment(Span<byte> key)
    {
        for (int i = key.Length - 1; i >= 0; i--)
            if (++key[i] != 0) return true;
        return false;
    }
}
