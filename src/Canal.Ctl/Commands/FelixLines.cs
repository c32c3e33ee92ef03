using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>canal-felix's answers of JSON lines: one about all, then one for each thing.</summary>
internal static class FelixLines
{
    /// <exception cref="CommandException">It is no such answer.</exception>
    public static (JsonObject About, List<JsonObject> Things) Read(string answer)
    {
        try
        {
            JsonObject[] lines = [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];
            return (lines[0], [.. lines.Skip(1)]);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new CommandException(ExitCode.Failure, $"canal-felix answers in a way that this canalctl does not understand: {error.Message}");
        }
    }

    /// <summary>Says once on stderr what keeps denied packets from being told.</summary>
    public static void TellAbout(JsonObject about, Surroundings around)
    {
        if (Text(about, "drop_log") == "off")
            around.Say("drop_log of canal-felix is \"off\": denied packets are not told");
        if (Text(about, "failing") is { Length: > 0 } failing)
            around.Say($"denied packets cannot be heard: {failing}");
        if (Number(about, "missed") is > 0 and { } missed)
            around.Say(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{missed} denied packets were too many to be told"));
    }

    /// <summary><c>10.0.0.7:5432</c> of <c>destination</c> and <c>destination_port</c>.</summary>
    public static string End(JsonObject flow, string which)
    {
        string address = Text(flow, which);
        if (!flow.ContainsKey($"{which}_port"))
            return address;
        return address.Contains(':') ? $"[{address}]:{Number(flow, $"{which}_port")}" : $"{address}:{Number(flow, $"{which}_port")}";
    }

    public static string Text(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    public static long Number(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out long number) ? number : 0;
}
