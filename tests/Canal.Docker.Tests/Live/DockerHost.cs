using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

/// <summary>A host in a network namespace with an etcd and the real driver, which is called as Docker calls it; containers are further namespaces.</summary>
internal sealed class DockerHost : IAsyncDisposable
{
    public const string Node = "h1", Uplink = "198.51.100.1";
    private const string Resources = "/calico/resources/v3/projectcalico.org/";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string prefix = $"canal-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private readonly string folder = Directory.CreateTempSubdirectory("canal-docker-").FullName;
    private readonly List<string> namespaces = [];
    private readonly StringBuilder log = new();
    private readonly HttpClient http;
    private EtcdProcess? etcd;
    private Netns? netns;
    private Process? driver;

    private DockerHost()
    {
        SocketsHttpHandler handler = new() { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero, ConnectCallback = (_, stop) => ConnectAsync(stop) };
        http = new HttpClient(handler) { BaseAddress = new Uri("http://plugin/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public EtcdProcess Etcd => etcd!;

    public Netns Netns => netns!;

    public string PluginSocket => Path.Combine(folder, "canal.sock");

    public string DockerSocket => Path.Combine(folder, "docker.sock");

    public string PendingFolder => Path.Combine(folder, "state", "docker", "pending");

    public string NetworkFolder => Path.Combine(folder, "state", "docker", "networks");

    /// <summary>What the driver has logged.</summary>
    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    private string StatusFolder => Path.Combine(folder, "endpoint-status");

    /// <summary>A host whose driver serves.</summary>
    public static async Task<DockerHost> StartAsync(params string[] settings)
    {
        DockerHost host = new();
        try
        {
            host.netns = new Netns(host.AddNamespace("host"));
            // Something for the default route to lead to: without one the kernel answers for no gateway.
            Command.IpBatch(["link add up0 type veth peer name up1", $"addr add {Uplink}/24 dev up0", "link set up0 up", "link set up1 up", "route add default via 198.51.100.254 dev up0"], host.Netns);
            // The rest is set at each interface.
            host.Netns.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
            host.etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { NetworkNamespace = host.Netns.Name });
            foreach (Resource resource in new[] { Calico.ClusterInformation(ready: true), Pool("p", "10.65.0.0/16", 26), Pool("p6", "fd00:65::/64", 122) }) await host.PutAsync(resource);
            host.Configure(settings);
            await host.StartDriverAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public void Configure(params string[] settings)
    {
        foreach (string part in (string[])["config", "run", "state", "endpoint-status"]) Directory.CreateDirectory(Path.Combine(folder, part));
        File.WriteAllText(Path.Combine(folder, "config", "canal.toml"), $"node_name = \"{Node}\"\n");
        File.WriteAllText(Path.Combine(folder, "config", "docker.toml"), $"plugin_socket = \"{PluginSocket}\"\nendpoint_status_dir = \"{StatusFolder}\"\n{string.Join('\n', settings)}\n");
    }

    public async Task StartDriverAsync()
    {
        Start(new ProcessStartInfo(Program(), ["--config-dir", Path.Combine(folder, "config")]));
        await Poll.Until(Listens, Patience, () => $"the driver does not listen: {Log}");
    }

    /// <summary>As systemd does it: the socket is there at once; the driver takes it over when the returned stream gets a line.</summary>
    public async Task<StreamWriter> StartBySocketAsync()
    {
        const string script = """
            use IO::Socket::UNIX; use POSIX;
            my $path = shift; unlink $path;
            my $listener = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path, Listen => 8) or die "listen: $!";
            <STDIN>;
            POSIX::dup2(fileno($listener), 3) unless fileno($listener) == 3;
            require Fcntl; open(my $passed, "<&=", 3); fcntl($passed, Fcntl::F_SETFD(), 0);
            $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$;
            exec @ARGV or die "exec: $!";
            """;
        StreamWriter go = Start(new ProcessStartInfo("perl", ["-e", script, PluginSocket, Program(), "--config-dir", Path.Combine(folder, "config")]) { RedirectStandardInput = true }).StandardInput;
        await Poll.Until(Listens, Patience, () => $"nobody listens: {Log}");
        return go;
    }

    /// <summary>kill -9.</summary>
    public void KillDriver()
    {
        driver?.Kill();
        driver?.WaitForExit();
        driver?.Dispose();
        driver = null;
    }

    /// <summary>As systemctl reload does it; returns what was said.</summary>
    public async Task<string> ReloadAsync(int expected = 0)
    {
        ProcessStartInfo start = new(Program(), ["--config-dir", Path.Combine(folder, "config"), "--reload"]) { RedirectStandardError = true };
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        using Process asking = Process.Start(start)!;
        string said = await asking.StandardError.ReadToEndAsync();
        await asking.WaitForExitAsync();
        Assert.Equal((expected, said), (asking.ExitCode, said));
        return said;
    }

    /// <summary>SIGHUP.</summary>
    public void HangUp() => Command.Run("kill", ["-HUP", driver!.Id.ToString()]);

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopDriverAsync()
    {
        Command.Run("kill", ["-TERM", driver!.Id.ToString()]);
        using CancellationTokenSource enough = new(Patience);
        await driver.WaitForExitAsync(enough.Token);
        return driver.ExitCode;
    }

    /// <summary>One request as Docker sends it.</summary>
    public async Task<(HttpStatusCode Status, JsonObject Answer)> TryAsync(string method, string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/vnd.docker.plugins.v1.2+json");
        using HttpResponseMessage answer = await PostAsync(method, content);
        Assert.Equal("application/vnd.docker.plugins.v1.2+json", answer.Content.Headers.ContentType?.ToString());
        return (answer.StatusCode, (JsonObject)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    /// <summary>One request that has to succeed.</summary>
    public async Task<JsonObject> CallAsync(string method, string body = "")
    {
        (HttpStatusCode status, JsonObject answer) = await TryAsync(method, body);
        Assert.True(status == HttpStatusCode.OK && !answer.ContainsKey("Err"), $"{method}: {(int)status} {answer.ToJsonString()}\n{Log}");
        return answer;
    }

    /// <summary>One request that has to be refused as Docker understands it; returns the sentence.</summary>
    public async Task<string> RefusedAsync(string method, string body, HttpStatusCode expected = HttpStatusCode.InternalServerError)
    {
        (HttpStatusCode status, JsonObject answer) = await TryAsync(method, body);
        Assert.Equal((expected, 1), (status, answer.Count));
        return answer["Err"]!.GetValue<string>();
    }

    /// <summary>Bytes on a connection of their own, and all that comes back until the other side ends it.</summary>
    public async Task<string> SendRawAsync(string text)
    {
        await using Stream stream = await ConnectAsync(default);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync();
    }

    public Task PutAsync(Resource resource) => Etcd.CtlAsync("put", resource.Key, resource.Json);

    public async Task<JsonObject?> FindAsync(string path)
    {
        string value = await Etcd.CtlAsync("get", "--print-value-only", Resources + path);
        return value.Length == 0 ? null : (JsonObject)JsonNode.Parse(value)!;
    }

    public Task<JsonObject?> EndpointAsync(string id) => FindAsync($"workloadendpoints/libnetwork/{Node}-libnetwork-libnetwork-{id}");

    /// <summary>Keys of endpoints, profiles and handles.</summary>
    public async Task<string[]> LeftAsync()
    {
        List<string> left = [];
        foreach (string prefix in (string[])[Resources + "workloadendpoints/", Resources + "profiles/", "/calico/ipam/v2/handle/"])
            left.AddRange((await Etcd.CtlAsync("get", "--prefix", "--keys-only", prefix)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return [.. left];
    }

    /// <summary>Names of the host's ends and of those that Docker has not moved yet.</summary>
    public string[] Links() => [.. Netns.Shell("ip -o link show type veth").Split('\n').Select(line => line.Split(": ")).Where(parts => parts.Length > 1)
        .Select(parts => parts[1].Split('@')[0]).Where(name => !name.StartsWith("up", StringComparison.Ordinal))];

    /// <summary>Says what canal-felix says when an endpoint's policy is in the kernel.</summary>
    public async Task ProgramAsync(string id)
    {
        JsonObject spec = (JsonObject)(await EndpointAsync(id))!["spec"]!;
        JsonArray Nets(bool six) => [.. spec["ipNetworks"]!.AsArray().Select(net => net!.GetValue<string>()).Where(net => net.Contains(':', StringComparison.Ordinal) == six).Select(net => (JsonNode)net)];
        JsonObject status = new() { ["ifaceName"] = spec["interfaceName"]!.GetValue<string>(), ["mac"] = spec["mac"]!.GetValue<string>(), ["ipv4Nets"] = Nets(false), ["ipv6Nets"] = Nets(true) };
        File.WriteAllText(StatusFileOf(id), status.ToJsonString());
    }

    public string StatusFileOf(string id) => Path.Combine(StatusFolder, $"libnetwork libnetwork%2Flibnetwork {id}");

    /// <summary>What Docker does with the answer to Join: moves the interface into a container and configures it there.</summary>
    public Netns Connect(JsonObject joined, params string[] addresses)
    {
        string name = AddNamespace($"c{namespaces.Count}"), from = joined["InterfaceName"]!["SrcName"]!.GetValue<string>(), to = joined["InterfaceName"]!["DstPrefix"]!.GetValue<string>() + "0";
        Netns.Shell($"ip link set {from} netns {name} name {to}");
        List<string> lines = [.. addresses.Select(address => $"addr add {address} dev {to}{(address.Contains(':', StringComparison.Ordinal) ? " nodad" : "")}"), $"link set {to} up"];
        lines.AddRange(joined["StaticRoutes"]!.AsArray().Select(route => $"route add {route!["Destination"]!.GetValue<string>()} dev {to}"));
        if (joined["Gateway"] is { } gateway) lines.Add($"route add default via {gateway.GetValue<string>()} dev {to}");
        if (joined["GatewayIPv6"] is { } gatewayV6) lines.Add($"-6 route add default via {gatewayV6.GetValue<string>()} dev {to}");
        Netns container = new(name);
        Command.Shell(string.Join('\n', lines.Select(line => $"ip {line}")), container);
        return container;
    }

    /// <summary>One packet, there and back.</summary>
    public static bool Pings(Netns from, string address)
    {
        try
        {
            from.Shell($"ping -c 1 -W 2 {address}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        KillDriver();
        http.Dispose();
        if (etcd is not null) await etcd.DisposeAsync();
        netns?.Dispose();
        foreach (string name in namespaces) Command.Shell($"ip netns del {name}");
        Directory.Delete(folder, recursive: true);
    }

    private async Task<HttpResponseMessage> PostAsync(string method, StringContent content)
    {
        try
        {
            return await http.PostAsync(new Uri(method, UriKind.Relative), content);
        }
        catch (HttpRequestException e)
        {
            throw new HttpRequestException($"{method}: {e.Message} {e.InnerException?.Message}\n{Log}", e);
        }
    }

    private static Resource Pool(string name, string cidr, int blockSize) => Calico.IpPool(name, cidr)
        .Spec("blockSize", blockSize).Spec("ipipMode", "Never").Spec("vxlanMode", "Never").Spec("natOutgoing", false).Spec("nodeSelector", "all()");

    private string AddNamespace(string role)
    {
        string name = $"{prefix}-{role}";
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up");
        namespaces.Add(name);
        return name;
    }

    private Process Start(ProcessStartInfo start)
    {
        (start.RedirectStandardError, start.RedirectStandardOutput) = (true, true);
        foreach (string name in (string[])["NOTIFY_SOCKET", "JOURNAL_STREAM"]) start.Environment.Remove(name);
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        start.Environment["STATE_DIRECTORY"] = Path.Combine(folder, "state");
        driver = Netns.Run(() => Process.Start(start))!;
        driver.ErrorDataReceived += (_, line) => Keep(line.Data);
        driver.OutputDataReceived += (_, line) => Keep(line.Data);
        driver.BeginErrorReadLine();
        driver.BeginOutputReadLine();
        return driver;
    }

    private async ValueTask<bool> Listens()
    {
        Assert.False(driver!.HasExited, $"the driver ended with {(driver.HasExited ? driver.ExitCode : 0)}: {Log}");
        try
        {
            await (await ConnectAsync(default)).DisposeAsync();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken stop)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(PluginSocket), stop);
        return new NetworkStream(socket, ownsSocket: true);
    }

    // The native binary where one was built, else the one beside this test.
    private static string Program()
    {
        const string name = "canal-docker";
        string folder = Environment.GetEnvironmentVariable("CANAL_BIN_DIR") ?? AppContext.BaseDirectory;
        return Path.Combine(File.Exists(Path.Combine(folder, name)) ? folder : AppContext.BaseDirectory, name);
    }

    private void Keep(string? line)
    {
        lock (log) log.AppendLine(line);
    }
}
