using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl drops</c>: who denied which packets on this host, as canal-felix heard it from the kernel.</summary>
internal sealed class DropsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Surroundings around;
    private readonly FollowOptions following = new("Go on showing what is denied.");

    public DropsCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("drops", "Show which packets were denied on this host, and by which rule.");
        following.AddTo(Definition);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        (bool json, TimeSpan longest) = following.Read(parsed);
        long begun = around.Time.GetTimestamp(), serial = 0;
        bool told = false;
        while (true)
        {
            string answer = await ControlSocket.AskAsync("felix", serial == 0 ? "drops" : string.Create(CultureInfo.InvariantCulture, $"drops {serial}"), around, stop);
            (JsonObject about, List<JsonObject> flows) = FelixLines.Read(answer);
            if (!told)
                FelixLines.TellAbout(about, around);
            told = true;
            Write(flows, json);
            serial = FelixLines.Number(about, "serial");
            if (around.Time.GetElapsedTime(begun) + Pause > longest)
                return ExitCode.Ok;
            await Task.Delay(Pause, around.Time, stop);
        }
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
        string time = DateTimeOffset.TryParse(FelixLines.Text(flow, "last"), CultureInfo.InvariantCulture, out DateTimeOffset last) ? last.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "-";
        string place = FelixLines.Text(flow, "endpoint") is { Length: > 0 } endpoint ? endpoint : FelixLines.Text(flow, "in") is { Length: > 0 } link ? link : "-";
        string detail = flow.ContainsKey("icmp_type") ? $" type {FelixLines.Number(flow, "icmp_type")} code {FelixLines.Number(flow, "icmp_code")}" : "";
        long packets = FelixLines.Number(flow, "packets");
        return $"{time} {FelixLines.Text(flow, "direction")} {place} {FelixLines.Text(flow, "protocol")}{detail} {FelixLines.End(flow, "source")} > {FelixLines.End(flow, "destination")} {FelixLines.Text(flow, "reason")}{(packets > 1 ? $" x{packets}" : "")}";
    }
}
