using System.Buffers.Binary;
using System.Numerics;

namespace Canal.Linux.Nftables;

/// <summary>
/// A 64-bit hash of bytes (one lane of MurmurHash3 x64), the same in every process: it is kept in the kernel beside each rule, so that after a restart
/// rules are compared without being decoded. A changed algorithm only means that every rule is written once more.
/// </summary>
internal static class NftIdentity
{
    internal static ulong Compute(ulong seed, ReadOnlySpan<byte> bytes)
    {
        ulong hash = seed ^ (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..]) hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (!bytes.IsEmpty)
        {
            Span<byte> tail = stackalloc byte[8];
            tail.Clear();
            bytes.CopyTo(tail);
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(tail));
        }
        return Finish(hash);
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        word = BitOperations.RotateLeft(word * 0x87c37b91114253d5, 31) * 0x4cf5ad432745937f;
        return BitOperations.RotateLeft(hash ^ word, 27) * 5 + 0x52dce729;
    }

    private static ulong Finish(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
