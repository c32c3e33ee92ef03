using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl flows</c>: the connections of this host's endpoints and what policy says of each, and what was denied, as canal-felix knows it.</summary>
internal sealed class FlowsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly string[] Header = ["VERDICT", "PROTOCOL", "SOURCE", "DESTINATION", "STATE", "PACKETS", "BYTES", "FROM", "EGRESS", "TO", "INGRESS"];

    private readonly Surroundings around;
    private readonly Option<string> endpoint = new("--endpoint") { Description = "Only flows of this endpoint of the host; its name, perhaps with its namespace: default/web.", HelpName = "NAME" };
    private readonly Option<string> policy = new("--policy") { Description = "Only flows that this policy or profile decided: gnp/NAME, np/NAMESPACE/NAME; a name alone is enough.", HelpName = "NAME" };
    private readonly Option<bool> allowed = new("--allowed") { Description = "Only what policy allows." };
    private readonly Option<bool> denied = new("--denied") { Description = "Only what policy denies: packets, and connections that it would not let begin any more." };
    private readonly FollowOptions following = new("Go on showing flows that begin, and those of which policy says something else.");

    public FlowsCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("flows", "Show connections of this host's endpoints, what policy says of them, and what was denied.") { endpoint, policy, allowed, denied };
        following.AddTo(Definition);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        (bool json, TimeSpan longest) = following.Read(parsed);
        string filter = Filter(parsed);
        long begun = around.Time.GetTimestamp(), serial = 0;
        Dictionary<string, string> known = [];
        int[] widths = new int[Header.Length];
        for (bool first = true; ; first = false)
        {
            (JsonObject about, List<JsonObject> flows) = FelixLines.Read(await ControlSocket.AskAsync("felix", string.Create(CultureInfo.InvariantCulture, $"flows after={serial}{filter}"), around, stop));
            if (first)
                Tell(about);
            List<JsonObject> news = Unknown(flows, ref known);
            if (json)
                news.ForEach(flow => around.Output.Write($"{flow.ToJsonString()}\n"));
            else
                Write(news, widths, first);
            around.Output.Flush();
            serial = FelixLines.Number(about, "serial");
            if (around.Time.GetElapsedTime(begun) + Pause > longest)
                return ExitCode.Ok;
            await Task.Delay(Pause, around.Time, stop);
        }
    }

    /// <summary>canal-felix looks, so that what it may not tell because it is too much is what nobody asked for.</summary>
    private string Filter(ParseResult parsed)
    {
        if (parsed.GetValue(allowed) && parsed.GetValue(denied))
            throw CommandException.Usage("--allowed and --denied exclude each other");
        string verdict = parsed.GetValue(allowed) ? " verdict=allowed" : parsed.GetValue(denied) ? " verdict=denied" : "";
        return $"{Word(parsed, endpoint, "endpoint")}{Word(parsed, policy, "policy")}{verdict}";
    }

    private static string Word(ParseResult parsed, Option<string> option, string name)
    {
        if (parsed.GetValue(option) is not { } value)
            return "";
        // It becomes a word of a line.
        if (value.Length is 0 or > 400 || value.Any(c => c is <= ' ' or '\u007f'))
            throw CommandException.Usage($"{option.Name}: {Problem.Quote(value)} is no name");
        return $" {name}={value}";
    }

    private void Tell(JsonObject about)
    {
        FelixLines.TellAbout(about, around);
        if (about["more"] is JsonValue more && more.TryGetValue(out bool there) && there)
            around.Say("there are more connections than can be told: ask for those of one endpoint");
    }

    /// <summary>Connections that were not told yet, or with another verdict. What was denied is only asked for once.</summary>
    private static List<JsonObject> Unknown(List<JsonObject> flows, ref Dictionary<string, string> known)
    {
        Dictionary<string, string> now = [];
        List<JsonObject> news = [];
        foreach (JsonObject flow in flows)
        {
            if (!flow.ContainsKey("id"))
            {
                news.Add(flow);
                continue;
            }
            string name = $"{FelixLines.Number(flow, "id")} {Protocol(flow)} {FelixLines.End(flow, "source")} {FelixLines.End(flow, "destination")}";
            now[name] = string.Join(' ', FelixLines.Text(flow, "verdict"), End(flow, "egress", "reason"), End(flow, "ingress", "reason"));
            if (known.GetValueOrDefault(name) != now[name])
                news.Add(flow);
        }
        known = now;
        return news;
    }

    /// <summary>A table that grows: later rows are as wide as those before, or wider.</summary>
    private void Write(List<JsonObject> flows, int[] widths, bool first)
    {
        List<string[]> rows = [.. flows.Select(Row)];
        if (first)
            rows.Insert(0, Header);
        foreach (string[] row in rows)
        {
            for (int column = 0; column < row.Length; column++)
                widths[column] = Math.Max(widths[column], EscapedText.Of(row[column]).Length);
        }
        foreach (string[] row in rows)
            around.Output.Write($"{string.Join("  ", row.Select((cell, column) => EscapedText.Of(cell).PadRight(widths[column]))).TrimEnd()}\n");
    }

    private static string[] Row(JsonObject flow) =>
    [
        FelixLines.Text(flow, "verdict"), Protocol(flow), FelixLines.End(flow, "source"), Destination(flow), Or(FelixLines.Text(flow, "state")),
        Counted(flow, "packets"), Counted(flow, "bytes"),
        Or(End(flow, "egress", "endpoint")), Or(End(flow, "egress", "reason")), Or(End(flow, "ingress", "endpoint")), Or(End(flow, "ingress", "reason")),
    ];

    private static string Protocol(JsonObject flow) =>
        flow.ContainsKey("icmp_type") ? $"{FelixLines.Text(flow, "protocol")}/{FelixLines.Number(flow, "icmp_type")}/{FelixLines.Number(flow, "icmp_code")}" : FelixLines.Text(flow, "protocol");

    /// <summary>With the address that it was sent to, where that was translated.</summary>
    private static string Destination(JsonObject flow) =>
        FelixLines.Text(flow, "sent_to") is { Length: > 0 } sent ? $"{FelixLines.End(flow, "destination")} ({sent})" : FelixLines.End(flow, "destination");

    /// <summary><c>12/10</c>: there and back.</summary>
    private static string Counted(JsonObject flow, string what)
    {
        if (!flow.ContainsKey(what))
            return "-";
        return flow.ContainsKey($"reply_{what}") ? $"{FelixLines.Number(flow, what)}/{FelixLines.Number(flow, $"reply_{what}")}" : $"{FelixLines.Number(flow, what)}";
    }

    private static string End(JsonObject flow, string direction, string what) => flow[direction] is JsonObject end ? FelixLines.Text(end, what) : "";

    private static string Or(string text) => text.Length > 0 ? text : "-";
}
