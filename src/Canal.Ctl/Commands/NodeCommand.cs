using System.CommandLine;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl node</c>: makes a host one of the cluster, and takes it away with all that is its.</summary>
internal sealed class NodeCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string> name = new("NODE") { Description = "This host's node_name unless given.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string> gone = new("NODE") { Description = "The node." };
    private readonly Option<string[]> addresses = new("--ip") { Description = "ADDRESS/LENGTH of the host, one of a family; auto: that of the interface with the default route.", HelpName = "ADDRESS" };
    private readonly Option<string> asNumber = new("--as") { Description = "The AS number, when it is not the cluster's.", HelpName = "N" };

    public NodeCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command init = new("init", "Create this host's Node, or change its addresses; all else in it stays.") { name, addresses, asNumber };
        init.SetAction(InitAsync);
        Command remove = new("remove", "Delete a Node with all that is the host's. As delete node.") { gone };
        remove.SetAction(RemoveAsync);
        Command status = new("status", "Show how canal-felix on this host is, and its BGP sessions where BIRD is configured. As status and bgp peers.");
        status.SetAction(StatusAsync);
        Command diags = new("diags", "The same as diag.")
        {
            // calicoctl's, for Calico's log files; here logs are in the journal, which is gathered.
            new Option<string>("--log-dir") { Hidden = true },
        };
        diags.SetAction(new DiagCommand(options, around).RunAsync);
        Command run = ForeignCommand.Define("node", "run", "starts calico/node in Docker, which is not needed here: install canal-felix, systemctl enable --now canal-felix, and say this host's addresses and AS number with canalctl node init");
        Definition = new Command("node", "Make a host one of the cluster, or take it away.") { init, remove, status, diags, new SystemCheck(around).Definition, run };
    }

    public Command Definition { get; }

    private async Task<int> InitAsync(ParseResult parsed, CancellationToken stop)
    {
        string node = parsed.GetValue(name) ?? Connection.NodeName(parsed, options, around);
        JsonObject bgp = [];
        foreach (string text in parsed.GetValue(addresses) ?? ["auto"])
            Set(bgp, text);
        if (parsed.GetValue(asNumber) is { } number)
            bgp["asNumber"] = JsonValue.Create(uint.TryParse(number, out uint good) ? good : throw CommandException.Usage($"--as: {Problem.Quote(number)} is not an AS number"));
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        JsonObject changes = new() { ["spec"] = new JsonObject { ["bgp"] = bgp } };
        return await new DocumentWriter(connection.Resources, around).MergeAsync(ResourceKind.Node, null, node, changes, stop) ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>A host without canal-bird-config-renderer has no sessions to speak of.</summary>
    private async Task<int> StatusAsync(ParseResult parsed, CancellationToken stop)
    {
        int felix = await Canalctl.RunAsync(["status"], around, stop);
        if (!File.Exists(Path.Combine(RuntimePaths.FromEnvironment(around.Environment).Runtime, "bird-config-renderer.sock")))
            return felix;
        around.Output.Write("\n");
        int bird = await Canalctl.RunAsync(["bgp", "peers"], around, stop);
        return felix != ExitCode.Ok ? felix : bird;
    }

    private static void Set(JsonObject bgp, string text)
    {
        if (text != "auto" && (!InterfaceAddress.TryParse(text, out InterfaceAddress given) || !text.Contains('/')))
            throw CommandException.Usage($"--ip: {Problem.Quote(text)} is not ADDRESS/LENGTH or auto");
        InterfaceAddress address = text == "auto" ? Detect() : InterfaceAddress.TryParse(text, out given) ? given : default;
        string field = address.Address.Family == IpFamily.V4 ? "ipv4Address" : "ipv6Address";
        if (bgp.ContainsKey(field))
            throw CommandException.Usage($"--ip: two addresses of one family");
        bgp[field] = address.ToString();
    }

    /// <summary>The source address of packets to elsewhere: a connected datagram socket sends nothing.</summary>
    private static InterfaceAddress Detect()
    {
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(System.Net.IPAddress.Parse("198.51.100.1"), 9);
            System.Net.IPAddress source = ((System.Net.IPEndPoint)socket.LocalEndPoint!).Address;
            UnicastIPAddressInformation found = NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses).First(own => own.Address.Equals(source));
            return InterfaceAddress.TryParse($"{source}/{found.PrefixLength}", out InterfaceAddress address) ? address : default;
        }
        catch (Exception error) when (error is SocketException or NetworkInformationException or InvalidOperationException)
        {
            throw new CommandException(ExitCode.Failure, $"the host's address cannot be found out ({error.Message}): give --ip ADDRESS/LENGTH");
        }
    }

    private async Task<int> RemoveAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceArgument target = new(ResourceKinds.Of(ResourceKind.Node), null, parsed.GetValue(gone)!);
        return await new ResourceRemover(connection, around, ignoreMissing: false).RemoveAsync(target, null, stop) ? ExitCode.Ok : ExitCode.Failure;
    }
}
