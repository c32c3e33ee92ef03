using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl drops</c>: who denied which packets on this host, as canal-felix heard it from the kernel.</summary>
internal sealed class DropsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Surroundings around;
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "Go on showing what is denied." };
    private readonly Option<string> duration = new("--for") { Description = "With -f: end with 0 after this long.", HelpName = "DURATION" };
    private readonly Option<string> output = new("--output", "-o") { Description = "table; json: an object on each line.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    public DropsCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("drops", "Show which packets were denied on this host, and by which rule.") { follow, duration, output };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(output) is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(parsed.GetValue(output)!)} is not table or json");
        TimeSpan longest = TimeSpan.MaxValue;
        if (parsed.GetValue(duration) is { } text && !DurationText.TryParse(text, out longest))
            throw CommandException.Usage($"--for: {Problem.Quote(text)} is not a duration");
        long begun = around.Time.GetTimestamp(), serial = 0;
        bool told = false;
        while (true)
        {
            string answer = await ControlSocket.AskAsync("felix", serial == 0 ? "drops" : string.Create(CultureInfo.InvariantCulture, $"drops {serial}"), around, stop);
            (JsonObject about, List<JsonObject> flows) = Read(answer);
            if (!told)
                Tell(about);
            told = true;
            Write(flows, parsed.GetValue(output) == "json");
            serial = Number(about, "serial");
            if (!parsed.GetValue(follow) || around.Time.GetElapsedTime(begun) + Pause > longest)
                return ExitCode.Ok;
            await Task.Delay(Pause, around.Time, stop);
        }
    }

    private void Tell(JsonObject about)
    {
        if (Text(about, "drop_log") == "off")
            around.Say("drop_log of canal-felix is \"off\": denied packets are not told");
        if (Text(about, "failing") is { Length: > 0 } failing)
            around.Say($"denied packets cannot be heard: {failing}");
        if (Number(about, "missed") is > 0 and { } missed)
            around.Say(string.Create(CultureInfo.InvariantCulture, $"{missed} denied packets were too many to be told"));
    }

    private void Write(List<JsonObject> flows, bool json)
    {
        foreach (JsonObject flow in flows)
            around.Output.Write(json ? $"{flow.ToJsonString()}\n" : $"{EscapedText.Of(Line(flow))}\n");
        around.Output.Flush();
    }

    /// <summary><c>09:30:00.123 ingress default/web tcp 10.2.3.4:51514 > 10.0.0.7:5432 gnp/web ingress 2 x14</c></summary>
    private static string Line(JsonObject flow)
    {
        string time = DateTimeOffset.TryParse(Text(flow, "last"), CultureInfo.InvariantCulture, out DateTimeOffset last) ? last.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "-";
        string place = Text(flow, "endpoint") is { Length: > 0 } endpoint ? endpoint : Text(flow, "in") is { Length: > 0 } link ? link : "-";
        string detail = flow.ContainsKey("icmp_type") ? $" type {Number(flow, "icmp_type")} code {Number(flow, "icmp_code")}" : "";
        long packets = Number(flow, "packets");
        return $"{time} {Text(flow, "direction")} {place} {Text(flow, "protocol")}{detail} {End(flow, "source")} > {End(flow, "destination")} {Text(flow, "reason")}{(packets > 1 ? $" x{packets}" : "")}";
    }

    private static string End(JsonObject flow, string which)
    {
        string address = Text(flow, which);
        if (!flow.ContainsKey($"{which}_port"))
            return address;
        return address.Contains(':') ? $"[{address}]:{Number(flow, $"{which}_port")}" : $"{address}:{Number(flow, $"{which}_port")}";
    }

    private static (JsonObject About, List<JsonObject> Flows) Read(string answer)
    {
        try
        {
            JsonObject[] lines = [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];
            return (lines[0], [.. lines.Skip(1)]);
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new CommandException(ExitCode.Failure, $"canal-felix answers in a way that this canalctl does not understand: {error.Message}");
        }
    }

    private static string Text(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static long Number(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out long number) ? number : 0;
}
