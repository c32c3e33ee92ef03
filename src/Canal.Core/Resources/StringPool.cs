using System.Runtime.InteropServices;
using System.Text;

namespace Canal.Core.Resources;

/// <summary>Shares equal short strings between decoded resources: node names, label names and values, profiles. A direct-mapped cache of fixed size:
/// a newcomer displaces what was in its slot, so the pool never grows and never has to be emptied. For one caller at a time.</summary>
public sealed class StringPool
{
    private const int Slots = 4096;
    private const int LongestShared = 64;
    private readonly string?[] slots = new string?[Slots];

    /// <summary>The string of this UTF-8 text. Invalid bytes become U+FFFD.</summary>
    public string Get(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return "";
        if (text.Length > LongestShared) return Encoding.UTF8.GetString(text);
        ref string? slot = ref slots[Hash(text) % Slots];
        // Text beyond ASCII never compares equal here and is simply not shared.
        if (slot is not null && Ascii.Equals(text, slot)) return slot;
        return slot = Encoding.UTF8.GetString(text);
    }

    internal static string Get(StringPool? pool, ReadOnlySpan<byte> text) => pool is null ? Encoding.UTF8.GetString(text) : pool.Get(text);

    private static uint Hash(ReadOnlySpan<byte> text)
    {
        ulong hash = (ulong)text.Length * 0x9E3779B97F4A7C15;
        while (text.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(text)) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
            text = text[8..];
        }
        foreach (byte b in text) hash = (hash ^ b) * 0x100000001B3;
        return (uint)((hash ^ (hash >> 32)) & uint.MaxValue);
    }
}
