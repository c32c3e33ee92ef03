using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl endpoint</c>: puts any interface of this host under policy, for LXC, libvirt and plain veths, which have no CNI.</summary>
internal sealed class EndpointCommand
{
    /// <summary>The second part of the endpoints' names.</summary>
    private const string Orchestrator = "canal";

    private const string Interface = "eth0";

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string> workload = new("WORKLOAD") { Description = "What the interface belongs to: a container, a virtual machine." };
    private readonly Option<string> device = new("--interface", "--dev") { Description = "The host's end; canal-felix looks after those that begin with its interface_prefix.", HelpName = "NAME", Required = true };
    private readonly Option<string[]> addresses = new("--ip") { Description = "The workload's address, or auto for one of the cluster's pools; one of a family.", HelpName = "ADDRESS", Required = true };
    private readonly Option<string[]> labels = new("--label") { Description = "A label of the endpoint; may be given more than once.", HelpName = "NAME=VALUE" };
    private readonly Option<string[]> profiles = new("--profile") { Description = "A profile of the endpoint; may be given more than once.", HelpName = "NAME" };
    private readonly Option<string> mac = new("--mac") { Description = "The workload's hardware address; others may then not be used.", HelpName = "MAC" };
    private readonly Option<string> node = new("--node") { Description = "The host; this one's node_name unless given.", HelpName = "NODE" };
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "The endpoint's namespace; default: default.", HelpName = "NAMESPACE", DefaultValueFactory = _ => WantedReader.DefaultNamespace };

    public EndpointCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command add = new("add", "Register an interface as an endpoint, and print its addresses.") { workload, device, addresses, labels, profiles, mac, node, @namespace };
        add.SetAction(AddAsync);
        Command remove = new("remove", "Take an endpoint away, and give its addresses back.") { workload, node, @namespace };
        remove.SetAction(RemoveAsync);
        Definition = new Command("endpoint", "Put an interface of this host under policy, or take it away.") { add, remove };
    }

    public Command Definition { get; }

    private async Task<int> AddAsync(ParseResult parsed, CancellationToken stop)
    {
        (string host, string name) = Identity(parsed);
        JsonObject document = Document(parsed, host);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        (IReadOnlyList<IpAddress> own, bool assigned) = await AddressesAsync(connection, ipam, parsed, host, name, stop);
        ((JsonObject)document["spec"]!)["ipNetworks"] = new JsonArray([.. own.Select(address => (JsonNode)new Cidr(address).ToString())]);
        bool good = false;
        try
        {
            good = await new DocumentWriter(connection.Resources, around).MergeAsync(ResourceKind.WorkloadEndpoint, parsed.GetValue(@namespace), name, document, stop);
        }
        finally
        {
            if (!good && assigned)
                await ipam.ReleaseAsync(Handle(parsed, name), CancellationToken.None);
        }
        foreach (IpAddress address in good ? own : [])
            around.Output.Write($"{address}\n");
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<int> RemoveAsync(ParseResult parsed, CancellationToken stop)
    {
        (_, string name) = Identity(parsed);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceArgument target = new(ResourceKinds.Of(ResourceKind.WorkloadEndpoint), parsed.GetValue(@namespace), name);
        bool good = await new ResourceRemover(connection, around, ignoreMissing: true).RemoveAsync(target, null, stop);
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        foreach (IpAddress free in (await ipam.ReleaseAsync(Handle(parsed, name), stop)).Released)
            around.Say($"released {free}");
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private (string Host, string Name) Identity(ParseResult parsed)
    {
        string host = parsed.GetValue(node) ?? Connection.NodeName(parsed, options, around);
        string? name = new WorkloadEndpointName(host, Orchestrator, parsed.GetValue(workload)!, Interface).Print(out Problem problem);
        return (host, name ?? throw CommandException.Usage($"endpoint: {problem}"));
    }

    private JsonObject Document(ParseResult parsed, string host)
    {
        JsonObject given = [];
        foreach (string label in parsed.GetValue(labels) ?? [])
        {
            int at = label.IndexOf('=');
            given[at > 0 ? label[..at] : throw CommandException.Usage($"--label: {Problem.Quote(label)} is not NAME=VALUE")] = label[(at + 1)..];
        }
        JsonObject spec = new()
        {
            ["orchestrator"] = Orchestrator,
            ["node"] = host,
            ["workload"] = parsed.GetValue(workload),
            ["endpoint"] = Interface,
            ["interfaceName"] = parsed.GetValue(device),
        };
        if (parsed.GetValue(profiles) is { Length: > 0 } named)
            spec["profiles"] = new JsonArray([.. named.Select(profile => (JsonNode)profile)]);
        if (parsed.GetValue(mac) is { } hardware)
            spec["mac"] = hardware;
        return new JsonObject { ["metadata"] = new JsonObject { ["labels"] = given }, ["spec"] = spec };
    }

    /// <summary>The addresses given, and those assigned for each auto. An endpoint that has some keeps them.</summary>
    private async Task<(IReadOnlyList<IpAddress> Addresses, bool Assigned)> AddressesAsync(
        Connection connection, IpamStore ipam, ParseResult parsed, string host, string name, CancellationToken stop)
    {
        string[] texts = parsed.GetValue(addresses)!;
        List<IpAddress> own = [.. texts.Where(text => text != "auto").Select(text => IpAddress.TryParse(text, out IpAddress address)
            ? address : throw CommandException.Usage($"--ip: {Problem.Quote(text)} is not an address or auto"))];
        if (own.Count == texts.Length)
            return (own, false);
        ResourceKey key = new(ResourceKind.WorkloadEndpoint, parsed.GetValue(@namespace), name);
        if ((await connection.Resources.GetAsync(key, stop))?.Document?.Decode(key).Resource is WorkloadEndpoint { Spec.IpNetworks.IsEmpty: false } before)
            return ([.. before.Spec.IpNetworks.Select(network => network.Address)], false);
        Assignment got = await ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(host),
            HandleId = Handle(parsed, name),
            Attributes = LabelMap.Create([KeyValuePair.Create("node", host), KeyValuePair.Create("type", Orchestrator), KeyValuePair.Create("workload", parsed.GetValue(workload)!)]),
            Ipv4 = own.Exists(address => address.Family == IpFamily.V4) ? 0 : 1,
            Ipv6 = own.Exists(address => address.Family == IpFamily.V6) || own.Count == 0 ? 0 : 1,
            Now = ipam.Now,
        }, [], stop);
        if ((got.Ipv4Shortage ?? got.Ipv6Shortage) is { } shortage)
        {
            await ipam.ReleaseAsync(Handle(parsed, name), CancellationToken.None);
            throw new CommandException(ExitCode.Failure, $"no address: {shortage.Message}");
        }
        return ([.. own, .. got.Ipv4.Select(a => a.Address), .. got.Ipv6.Select(a => a.Address)], true);
    }

    private string Handle(ParseResult parsed, string name) => $"{Orchestrator}.{parsed.GetValue(@namespace)}.{name}";
}
