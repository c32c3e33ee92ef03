using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What <c>ipam check -o json</c> prints and <c>ipam release --from-report</c> reads.</summary>
internal static class LeakReport
{
    public static void Write(IReadOnlyList<IpamFinding> findings, TextWriter to) => JsonText.Write(to, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("findings");
        foreach (IpamFinding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("kind", finding.Kind.ToString());
            json.WriteString("subject", finding.Subject);
            json.WriteString("reason", finding.Sentence);
            if (finding.Leak is { } leak)
            {
                if (leak.HandleId is not null)
                    json.WriteString("handle", leak.HandleId);
                // Beyond what JSON numbers are certain to keep.
                if (leak.Sequence is { } sequence)
                    json.WriteString("sequence", sequence.ToString(CultureInfo.InvariantCulture));
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>The leaks in a report.</summary>
    /// <exception cref="CommandException">It is not a report.</exception>
    public static IReadOnlyList<ReleaseTarget> Read(InputText file)
    {
        if (file.Text is not { } text)
            throw new CommandException(Hosting.ExitCode.Failure, $"{file.Name}: {file.Error}");
        try
        {
            if (JsonNode.Parse(text)?["findings"] is JsonArray findings)
                return [.. findings.Where(finding => Text(finding, "kind") == nameof(IpamFindingKind.Leaked)).Select(finding => Target(file.Name, finding))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CommandException(Hosting.ExitCode.Failure, $"{file.Name}: is not JSON: {error.Message}");
        }
        throw new CommandException(Hosting.ExitCode.Failure, $"{file.Name}: is not a report of ipam check -o json");
    }

    private static ReleaseTarget Target(string file, JsonNode? finding)
    {
        string address = Text(finding, "subject"), sequence = Text(finding, "sequence");
        if (!IpAddress.TryParse(address, out IpAddress parsed))
            throw new CommandException(Hosting.ExitCode.Failure, $"{file}: {Problem.Quote(address)} is not an address");
        return new ReleaseTarget(parsed, Text(finding, "handle") is { Length: > 0 } handle ? handle : null,
            ulong.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null);
    }

    private static string Text(JsonNode? at, string name) => at?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
