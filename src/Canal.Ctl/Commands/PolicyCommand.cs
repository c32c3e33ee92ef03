using System.CommandLine;
using System.Globalization;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl policy stats</c>: what the rules of policies have counted on this host since they are in its kernel.</summary>
internal sealed class PolicyCommand
{
    private static readonly string[] Header = ["POLICY", "RULE", "ACTION", "PACKETS", "BYTES"];

    private readonly Surroundings around;
    private readonly Argument<string[]> named = new("POLICY") { Description = "As the kernel calls it: gnp/NAME, np/NAMESPACE/NAME; a name alone is enough. All unless given.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> unused = new("--unused") { Description = "Only rules that no packet has matched." };

    public PolicyCommand(Surroundings around)
    {
        this.around = around;
        Command stats = new("stats", "Show how often the rules of policies were used on this host.") { named, unused };
        stats.SetAction(StatsAsync);
        Definition = new Command("policy", "How policies do on this host.") { stats };
    }

    public Command Definition { get; }

    private async Task<int> StatsAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] wanted = parsed.GetValue(named) ?? [];
        string answer = await ControlSocket.AskAsync("felix", "counters", around, stop);
        Dictionary<string, (long Packets, long Bytes)> rules = [];
        foreach (string line in answer.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 4);
            if (words.Length != 4 || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long packets) || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
                continue;
            // A rule of a policy is several of the kernel's when it takes that many to say.
            (long Packets, long Bytes) before = rules.GetValueOrDefault(words[3]);
            rules[words[3]] = (before.Packets + packets, before.Bytes + bytes);
        }
        string[][] rows = [.. rules.Select(rule => Row(rule.Key, rule.Value)).OfType<string[]>()
            .Where(row => (wanted.Length == 0 || wanted.Any(name => row[0] == name || row[0].EndsWith($"/{name}", StringComparison.Ordinal))) && (!parsed.GetValue(unused) || row[3] == "0"))
            .OrderBy(row => row[0], StringComparer.Ordinal).ThenBy(row => row[1].Split(' ')[0], StringComparer.Ordinal).ThenBy(row => int.Parse(row[1].Split(' ')[1], CultureInfo.InvariantCulture))];
        TableText.Write([Header, .. rows], around.Output);
        return ExitCode.Ok;
    }

    /// <summary>Takes <c>gnp/web ingress 0 would allow</c> apart; null for what is not a policy's rule.</summary>
    private static string[]? Row(string comment, (long Packets, long Bytes) counted)
    {
        foreach (string direction in (ReadOnlySpan<string>)["ingress", "egress"])
        {
            int at = comment.LastIndexOf($" {direction} ", StringComparison.Ordinal);
            string[] rest = at < 0 ? [] : comment[(at + direction.Length + 2)..].Split(' ', 2);
            if (rest.Length == 2 && int.TryParse(rest[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                return [comment[..at], $"{direction} {index}", rest[1], counted.Packets.ToString(CultureInfo.InvariantCulture), counted.Bytes.ToString(CultureInfo.InvariantCulture)];
        }
        return null;
    }
}
