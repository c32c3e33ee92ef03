using System.Text;
using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>A set of the fake kernel: single keys in a hash, or ranges in order.</summary>
internal sealed class FakeSet(NftSet description)
{
    internal NftSet Description { get; set; } = description;

    internal bool IsAnonymous => (Description.Flags & NftSetFlags.Anonymous) != 0;

    /// <summary>Keys of a set without intervals as Latin-1 text, with the verdict of a map and its chain.</summary>
    internal Dictionary<string, (NftVerdict Verdict, FakeChain? Chain)> Keys { get; } = [];

    /// <summary>Ranges of an interval set in the order of their starts, apart from each other.</summary>
    internal List<FakeRange> Ranges { get; } = [];

    /// <summary>Rules that look things up here.</summary>
    internal List<FakeRule> Users { get; } = [];

    /// <summary>An anonymous set must find its rule in the batch that brings it.</summary>
    internal bool WasBound { get; set; }

    internal static string ToKey(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);

    internal static byte[] FromKey(string key) => Encoding.Latin1.GetBytes(key);

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
        foreach (FakeRange range in Ranges)
        {
            keys.AddRange(range.Start);
            ends.Add(false);
            if (range.Next is null) continue;
            keys.AddRange(range.Next);
            ends.Add(true);
        }
        return new NftElements(Description.Key, [.. keys], Description.IsInterval ? [.. ends] : null, Description.IsMap ? [.. verdicts] : null);
    }

    /// <summary>The elements in order, as nft writes them between braces.</summary>
    internal string ElementText()
    {
        IEnumerable<string> texts = Description.IsInterval
            ? Ranges.Select(range => NftValueText.Range(Description.Key, range.Start, range.Next ?? new byte[range.Start.Length]))
            : Keys.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
                NftValueText.Key(Description.Key, FromKey(entry.Key)) + (Description.IsMap ? $" : {entry.Value.Verdict}" : ""));
        return $"{{ {string.Join(", ", texts)} }}";
    }
}
