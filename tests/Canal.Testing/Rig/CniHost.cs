using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Canal.Testing.Rig;

/// <summary>Plays a container runtime on one host of a rig: makes namespaces for containers and calls plugins as the specification says.</summary>
public sealed class CniHost : IDisposable
{
    /// <summary>Where Debian has the reference plugins.</summary>
    public const string ReferencePlugins = "/usr/lib/cni";

    private readonly NetworkRig rig;
    private readonly string host;
    private readonly string plugins;
    private readonly List<string> containers = [];

    public CniHost(NetworkRig rig, string host = "h1")
    {
        this.rig = rig;
        this.host = host;
        Folder = Directory.CreateDirectory(Path.Combine(rig.Folder, $"cni-{host}")).FullName;
        plugins = Directory.CreateDirectory(Path.Combine(Folder, "bin")).FullName;
        foreach (string name in new[] { "canal", "canal-ipam" })
            File.CreateSymbolicLink(Path.Combine(plugins, name), Binary.Find("canal-cni"));
    }

    /// <summary>State of the plugins.</summary>
    public string Folder { get; }

    /// <summary>Deletions that wait for etcd.</summary>
    public string PendingFolder => Path.Combine(Folder, "state", "pending");

    /// <summary>A configuration with what every test needs; more is written as JSON fields.</summary>
    public JsonObject Config(string more = "", string network = "net1", string version = "1.0.0", string type = "canal") => JsonNode.Parse($$"""
        {
          "cniVersion": "{{version}}", "name": "{{network}}", "type": "{{type}}",
          "etcd_endpoints": "http://10.100.0.254:2379", "nodename": "{{host}}", "config_dir": "{{Folder}}", "state_dir": "{{Folder}}/state",
          "endpoint_status_dir": "{{rig.Agent(host).StatusFolder}}", "ipam_lock_file": "{{Folder}}/ipam.lock" {{(more.Length == 0 ? "" : $", {more}")}}
        }
        """)!.AsObject();

    /// <summary>Makes a network namespace and returns its path.</summary>
    public string AddContainer(string id)
    {
        string name = $"{rig[host].Netns.Name}-{id}";
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up");
        containers.Add(name);
        return Path.Combine("/run/netns", name);
    }

    /// <summary>A script's output inside a container.</summary>
    public static string Inside(string netns, string script)
    {
        using Netns inside = new(Path.GetFileName(netns));
        return inside.Shell(script);
    }

    public Task<CniAnswer> RunAsync(string plugin, string command, JsonObject config, string id, string netns, string ifName = "eth0", string args = "") =>
        RunAsync(Path.Combine(plugin.StartsWith("canal", StringComparison.Ordinal) ? plugins : ReferencePlugins, plugin), config, new()
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = id,
            ["CNI_NETNS"] = netns,
            ["CNI_IFNAME"] = ifName,
            ["CNI_ARGS"] = args,
            ["CNI_PATH"] = $"{plugins}:{ReferencePlugins}",
        });

    /// <summary>ADD of <c>canal</c> that has to succeed.</summary>
    public async Task<JsonNode> AddAsync(JsonObject config, string id, string netns, string ifName = "eth0", string args = "")
    {
        CniAnswer answer = await RunAsync("canal", "ADD", config, id, netns, ifName, args);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        return answer.Json!;
    }

    public async Task DeleteAsync(JsonObject config, string id, string netns, string ifName = "eth0")
    {
        CniAnswer answer = await RunAsync("canal", "DEL", config, id, netns, ifName);
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("", answer.Output);
    }

    public void Dispose()
    {
        foreach (string name in containers) NetnsName.Remove(name);
    }

    private async Task<CniAnswer> RunAsync(string path, JsonObject config, Dictionary<string, string> environment)
    {
        ProcessStartInfo start = new("ip", ["netns", "exec", rig[host].Netns.Name, path]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(config.ToJsonString());
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new CniAnswer(process.ExitCode, await output, await error);
    }
}

/// <summary>What a plugin said.</summary>
public sealed record CniAnswer(int ExitCode, string Output, string Error)
{
    public JsonNode? Json => Output.Length == 0 ? null : JsonNode.Parse(Output);

    /// <summary>The error's code; 0 when it succeeded.</summary>
    public int Code => ExitCode == 0 ? 0 : Json!["code"]!.GetValue<int>();

    public string Message => Json?["msg"]?.GetValue<string>() ?? "";
}
