using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl bgp</c>: this host's sessions and routes, as canal-bird-config-renderer and BIRD see them.</summary>
internal sealed class BgpCommand
{
    private const string Daemon = "bird-config-renderer";
    private static readonly string[] Header = ["SESSION", "PEER", "AS", "STATE", "SINCE", "IN", "OUT", "LAST-ERROR"];

    private readonly Surroundings around;
    private readonly Argument<string> destination = new("ADDRESS") { Description = "Only routes for this address or prefix.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> output = new("--output", "-o") { Description = "table or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    public BgpCommand(Surroundings around)
    {
        this.around = around;
        Command peers = new("peers", "Show the BGP sessions of this host. Ends with 1 when one is not established.") { output };
        peers.SetAction(PeersAsync);
        Command routes = new("routes", "Show BIRD's routes.") { destination };
        routes.SetAction(RoutesAsync);
        Definition = new Command("bgp", "Show this host's BGP sessions and routes.") { peers, routes };
    }

    public Command Definition { get; }

    private async Task<int> PeersAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(output) is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(parsed.GetValue(output)!)} is not table or json");
        string text = await ControlSocket.AskAsync(Daemon, "peers", around, stop);
        string[][] rows = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).Where(row => row.Length == Header.Length)];
        if (parsed.GetValue(output) == "json")
            WriteJson(rows);
        else
            TableText.Write([Header, .. rows], around.Output);
        return rows.All(row => row[3] == "Established") ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<int> RoutesAsync(ParseResult parsed, CancellationToken stop)
    {
        string wanted = parsed.GetValue(destination) is not { } text ? ""
            : Canal.Core.Addressing.Cidr.TryParse(text, out Canal.Core.Addressing.Cidr cidr) ? $" {cidr}" : throw CommandException.Usage($"{Problem.Quote(text)} is not an address or a prefix");
        string routes = await ControlSocket.AskAsync(Daemon, $"routes{wanted}", around, stop);
        foreach (string line in routes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            around.Output.Write($"{EscapedText.Of(line)}\n");
        return ExitCode.Ok;
    }

    private void WriteJson(string[][] rows) => JsonText.Write(around.Output, json =>
    {
        json.WriteStartArray();
        foreach (string[] row in rows)
        {
            json.WriteStartObject();
            for (int column = 0; column < row.Length; column++)
                json.WriteString(Header[column].ToLowerInvariant(), row[column]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
