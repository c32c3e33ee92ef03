using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl status</c>: what the agent on this host says of itself, over its control socket. It needs no etcd.</summary>
internal sealed class StatusCommand
{
    private readonly Surroundings around;

    private readonly Option<string> output = new("--output", "-o") { Description = "table or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    public StatusCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("status", "Show how canal-felix on this host is. Ends with 1 when it is not ready.") { output };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        string format = parsed.GetValue(output)!;
        if (format is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(format)} is not table or json");
        (string Name, string Value)[] lines = Lines(await ControlSocket.AskAsync("felix", "status", around, stop));
        if (format == "json")
            WriteJson(lines);
        else
            TableText.Write([.. lines.Select(line => (string[])[line.Name, line.Value])], around.Output);
        return lines.Contains(("ready", "yes")) ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>Takes <c>name: value</c> apart.</summary>
    private static (string, string)[] Lines(string body) => [.. body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
    {
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? (line, "") : (line[..colon], line[(colon + 2)..]);
    })];

    private void WriteJson((string Name, string Value)[] lines)
    {
        JsonText.Write(around.Output, writer =>
        {
            writer.WriteStartObject();
            foreach ((string name, string value) in lines)
            {
                if (long.TryParse(value, System.Globalization.NumberStyles.None, null, out long number))
                    writer.WriteNumber(name, number);
                else
                    writer.WriteString(name, value);
            }
            writer.WriteEndObject();
        });
    }
}
