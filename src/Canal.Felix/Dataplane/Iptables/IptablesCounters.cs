using System.Globalization;
using System.Text;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// What rules have counted, under the names of the nftables table: both families, all tables and all rules that one rule became, together.
/// </summary>
/// <param name="sources">The nftables name of each chain.</param>
internal sealed class IptablesCounters(IReadOnlyDictionary<string, string> sources)
{
    private readonly Dictionary<(string Chain, string Comment), (long Packets, long Bytes, int Place)> counted = [];

    /// <summary>Takes in what a save program printed with counters: <c>[12:720] -A canal-policy-in/gnp/web …</c></summary>
    public void Add(string saved)
    {
        foreach (string line in saved.Split('\n'))
        {
            if (line.Length == 0 || line[0] != '[') continue;
            string[] words = line.Split(' ', 4);
            if (words.Length < 4 || !sources.TryGetValue(words[2], out string? chain) || chain.Length == 0) continue;
            string comment = IptablesRule.CommentIn(line);
            string[] numbers = words[0].Trim('[', ']').Split(':');
            if (comment.Length == 0 || numbers.Length != 2 || !long.TryParse(numbers[0], out long packets) || !long.TryParse(numbers[1], out long bytes)) continue;
            (long p, long b, int place) = counted.GetValueOrDefault((chain, comment), (0, 0, counted.Count));
            counted[(chain, comment)] = (p + packets, b + bytes, place);
        }
    }

    /// <summary>A line for each rule of the chains whose names begin so.</summary>
    public string Text(string prefix)
    {
        StringBuilder text = new();
        foreach (((string chain, string comment), (long packets, long bytes, int _)) in counted.OrderBy(c => c.Key.Chain, StringComparer.Ordinal).ThenBy(c => c.Value.Place))
            if (chain.StartsWith(prefix, StringComparison.Ordinal)) text.Append(CultureInfo.InvariantCulture, $"{packets} {bytes} {chain} {comment}\n");
        return text.ToString();
    }
}
