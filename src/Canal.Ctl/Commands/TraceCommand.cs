using System.CommandLine;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl trace</c>: what policy would do with a packet, without sending it.</summary>
internal sealed class TraceCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();
    private readonly PacketOptions packet = new();
    private readonly Option<string> output = new("--output", "-o") { Description = "table or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    public TraceCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("trace", "Show what policy would do with a packet, rule by rule, from etcd or from documents. Ends with 3 when it is denied.") { output };
        packet.AddTo(Definition);
        source.AddTo(Definition);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(output) is not ("table" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(parsed.GetValue(output)!)} is not table or json");
        if (await ClusterResources.ReadAsync(source, parsed, options, around, stop) is not { } resources)
            return ExitCode.Failure;
        (PacketEnd from, PacketEnd to, Packet what) = packet.Read(parsed, resources);
        PacketPath path = PacketPath.Follow(new PolicyEvaluator(resources), from, to, what);
        if (parsed.GetValue(output) == "json")
            PathWriter.WriteJson(path, around.Output);
        else
            PathWriter.WriteTable(path, around.Output);
        foreach (string remark in Remarks(from, to))
            around.Say(remark);
        return path.Allowed ? ExitCode.Ok : CtlExit.Denied;
    }

    private static IEnumerable<string> Remarks(PacketEnd from, PacketEnd to)
    {
        if (from.Endpoint is HostEndpoint || to.Endpoint is HostEndpoint)
            yield return "not looked at: failsafe ports, which go before the policies of host endpoints";
        if (from.Endpoint is WorkloadEndpoint workload && to.Endpoint is HostEndpoint host && workload.Spec.Node == host.Node)
            yield return "not looked at: default_endpoint_to_host_action, which decides what a workload may send to its own host";
    }
}
