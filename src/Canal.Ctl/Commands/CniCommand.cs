using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl cni install</c>: tells container runtimes of the plugin, as the last thing: a runtime uses a network as soon as its file is there.</summary>
internal sealed class CniCommand
{
    private static readonly string[] PluginFolders = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> name = new("--name") { Description = "The network's name.", HelpName = "NAME", DefaultValueFactory = _ => "canal" };
    private readonly Option<string> runtime = new("--runtime") { Description = "podman, containerd, crio or nomad: where it looks for networks.", HelpName = "RUNTIME", DefaultValueFactory = _ => "containerd" };
    private readonly Option<string> directory = new("--dir") { Description = "The folder of networks, instead of the runtime's.", HelpName = "DIR" };
    private readonly Option<string> plugins = new("--bin-dir") { Description = "The folder of plugins, instead of the first that has the plugin.", HelpName = "DIR" };
    private readonly Option<string[]> pools = new("--pool") { Description = "Assign addresses from this pool only; may be given more than once.", HelpName = "NAME" };
    private readonly Option<bool> ipv6 = new("--ipv6") { Description = "Assign IPv6 addresses too." };
    private readonly Option<bool> portmap = new("--portmap") { Description = "Publish ports by the plugin portmap." };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Print the file and write nothing." };

    public CniCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        runtime.CompletionSources.Add("podman", "containerd", "crio", "nomad");
        Command install = new("install", "Write a network for container runtimes, when the plugin is there and the cluster is ready.") { name, runtime, directory, plugins, pools, ipv6, portmap, dryRun };
        install.SetAction(InstallAsync);
        Definition = new Command("cni", "Container networks on this host.") { install };
    }

    public Command Definition { get; }

    private async Task<int> InstallAsync(ParseResult parsed, CancellationToken stop)
    {
        string folder = parsed.GetValue(directory) ?? parsed.GetValue(runtime) switch
        {
            "podman" or "containerd" or "crio" => "/etc/cni/net.d",
            "nomad" => "/opt/cni/config",
            var other => throw CommandException.Usage($"--runtime: {Problem.Quote(other!)} is not podman, containerd, crio or nomad"),
        };
        string network = parsed.GetValue(name)!;
        if (network.Length == 0 || !network.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || !char.IsAsciiLetterOrDigit(network[0]))
            throw CommandException.Usage($"--name: {Problem.Quote(network)} is not the name of a network");
        string text = Document(parsed, network);
        if (parsed.GetValue(dryRun))
        {
            around.Output.Write(text);
            return ExitCode.Ok;
        }
        CheckPlugins(parsed);
        await CheckClusterAsync(parsed, stop);
        string path = Path.Combine(folder, $"10-{network}.conflist");
        Write(path, text);
        around.Say($"wrote {path}");
        return ExitCode.Ok;
    }

    private string Document(ParseResult parsed, string network)
    {
        JsonObject ipam = new() { ["type"] = "canal-ipam" };
        if (parsed.GetValue(ipv6))
            ipam["assign_ipv6"] = "true";
        foreach ((string field, bool six) in ((string, bool)[])[("ipv4_pools", false), ("ipv6_pools", true)])
        {
            // A pool by name is looked up by the plugin; by CIDR its family is plain.
            string[] named = [.. (parsed.GetValue(pools) ?? []).Where(pool => pool.Contains(':') == six)];
            if (named.Length > 0)
                ipam[field] = new JsonArray([.. named.Select(pool => (JsonNode)pool)]);
        }
        JsonArray chain = [(JsonNode)new JsonObject { ["type"] = "canal", ["ipam"] = ipam }];
        if (parsed.GetValue(portmap))
            chain.Add((JsonNode)new JsonObject { ["type"] = "portmap", ["capabilities"] = new JsonObject { ["portMappings"] = true } });
        JsonObject document = new() { ["cniVersion"] = "1.0.0", ["name"] = network, ["plugins"] = chain };
        StringWriter text = new();
        JsonText.Write(text, json => document.WriteTo(json));
        return text.ToString();
    }

    private void CheckPlugins(ParseResult parsed)
    {
        string[] folders = parsed.GetValue(plugins) is { } given ? [given] : PluginFolders;
        string[] needed = parsed.GetValue(portmap) ? ["canal", "canal-ipam", "portmap"] : ["canal", "canal-ipam"];
        foreach (string plugin in needed)
        {
            if (!folders.Any(folder => File.Exists(Path.Combine(folder, plugin))))
                throw new CommandException(ExitCode.Failure, $"the plugin {plugin} is not in {string.Join(", ", folders)}: nothing was written");
        }
    }

    private async Task CheckClusterAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceKey key = new(ResourceKind.ClusterInformation, null, "default");
        if ((await connection.Resources.GetAsync(key, stop))?.Document?.Decode(key).Resource is not ClusterInformation { DatastoreReady: true })
            throw new CommandException(ExitCode.Failure, "the cluster is not ready (canalctl init): nothing was written");
        ResourceList all = await connection.Resources.ListAsync(ResourceKinds.Of(ResourceKind.IPPool), null, stop);
        if (!all.Resources.Any(pool => pool.Document?.Decode(pool.Key).Resource is IpPool { Disabled: false }))
            throw new CommandException(ExitCode.Failure, "there is no IPPool to assign addresses from: nothing was written");
    }

    private static void Write(string path, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(text), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(error is UnauthorizedAccessException ? ExitCode.Permission : ExitCode.Failure, error.Message);
        }
    }
}
