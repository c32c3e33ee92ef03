using System.Text;
using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>A set of the fake kernel: single keys in a hash, or starts and ENDs in order.</summary>
internal sealed class FakeSet(NftSet description)
{
    internal NftSet Description { get; set; } = description;

    internal bool IsAnonymous => (Description.Flags & NftSetFlags.Anonymous) != 0;

    /// <summary>Keys of a set without intervals as Latin-1 text, with the verdict of a map and its chain.</summary>
    internal Dictionary<string, (NftVerdict Verdict, FakeChain? Chain)> Keys { get; } = [];

    /// <summary>Starts and ENDs of an interval set in the order of their keys, an END before a start at the same key.</summary>
    internal List<FakeBound> Bounds { get; } = [];

    /// <summary>Rules that look things up here.</summary>
    internal List<FakeRule> Users { get; } = [];

    /// <summary>An anonymous set must find its rule in the batch that brings it.</summary>
    internal bool WasBound { get; set; }

    internal static string ToKey(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);

    internal static byte[] FromKey(string key) => Encoding.Latin1.GetBytes(key);

    /// <summary>Where this bound is, or the complement of where it would be.</summary>
    internal int Find(FakeBound bound) => Bounds.BinarySearch(bound);

    /// <summary>The elements as a dump tells them.</summary>
    internal NftElements ReadElements()
    {
        List<byte> keys = [];
        List<bool> ends = [];
        List<NftVerdict> verdicts = [];
        foreach ((string key, (NftVerdict verdict, _)) in Keys)
        {
            keys.AddRange(FromKey(key));
            verdicts.Add(verdict);
        }
        foreach (FakeBound bound in Bounds)
        {
            keys.AddRange(bound.Key);
            ends.Add(bound.IsEnd);
        }
        return new NftElements(Description.Key, [.. keys], Description.IsInterval ? [.. ends] : null, Description.IsMap ? [.. verdicts] : null);
    }

    /// <summary>The elements in order, as nft writes them between braces.</summary>
    internal string ElementText()
    {
        IEnumerable<string> texts = Description.IsInterval
            ? RangeTexts()
            : Keys.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
                NftValueText.Key(Description.Key, FromKey(entry.Key)) + (Description.IsMap ? $" : {entry.Value.Verdict}" : ""));
        return $"{{ {string.Join(", ", texts)} }}";
    }

    /// <summary>A start reaches to the next bound; the last one to the last key of all.</summary>
    private IEnumerable<string> RangeTexts()
    {
        for (int i = 0; i < Bounds.Count; i++)
        {
            if (Bounds[i].IsEnd) continue;
            byte[] next = i + 1 < Bounds.Count ? Bounds[i + 1].Key : new byte[Description.Key.Length];
            yield return NftValueText.Range(Description.Key, Bounds[i].Key, next);
        }
    }
}
