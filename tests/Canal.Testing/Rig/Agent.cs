using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Canal.Testing.Rig;

/// <summary>The agent under test on one host: its folders, its process, its log.</summary>
public sealed class Agent : IAsyncDisposable
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60);
    private readonly RigNode host;
    private readonly string folder;
    private readonly ConcurrentQueue<string> log = new();
    private readonly ConcurrentQueue<string> recent = new();
    private Process? process;

    internal Agent(RigNode host, string rigFolder)
    {
        this.host = host;
        folder = Path.Combine(rigFolder, host.Name);
        Canary = new Canary(host);
        foreach (string sub in new[] { "config", "run", "state", "status" })
            Directory.CreateDirectory(Path.Combine(folder, sub));
        Configure();
    }

    /// <summary>Where endpoint status files appear.</summary>
    public string StatusFolder => Path.Combine(folder, "status", "endpoint-status");

    /// <summary>Where its control socket is.</summary>
    public string RuntimeFolder => Path.Combine(folder, "run");

    /// <summary>Where the MTU of workloads is told.</summary>
    public string MtuFile => Path.Combine(folder, "mtu");

    public bool IsRunning => process is { HasExited: false };

    public bool HasExited => process is { HasExited: true };

    public int Pid => process?.Id ?? throw new InvalidOperationException($"canal-felix on {host.Name} is not running");

    /// <summary>Further variables for the process, from the next start on.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    /// <summary>Everything written to stderr since the last start.</summary>
    public IReadOnlyCollection<string> Log => log;

    internal Canary Canary { get; }

    /// <summary>For failure messages: where the ruleset was dumped, and the end of the log.</summary>
    public string Story
    {
        get
        {
            string dump = Path.Combine(folder, $"ruleset-{Stopwatch.GetTimestamp()}.nft");
            File.WriteAllText(dump, host.Shell("nft list table inet canal 2>&1 || true; ip route; ip -6 route"));
            string exit = HasExited ? $"exited with {process!.ExitCode}" : IsRunning ? "running" : "not running";
            return $"{host.Name}: canal-felix {exit}, ruleset and routes in {dump}, log ends:\n  {string.Join("\n  ", log.TakeLast(12))}";
        }
    }

    /// <summary>Writes felix.toml anew; the keys given here come first, as lines of TOML.</summary>
    public void Configure(params string[] lines)
    {
        File.WriteAllText(Path.Combine(folder, "config", "canal.toml"), $"""
            node_name = "{host.Name}"

            [etcd]
            endpoints = ["http://10.100.0.254:2379"]

            """);
        File.WriteAllText(Path.Combine(folder, "config", "felix.toml"), $"""
            {string.Join('\n', lines)}
            endpoint_status_path_prefix = "{Path.Combine(folder, "status")}"
            mtu_file = "{Path.Combine(folder, "mtu")}"
            health_enabled = true
            health_port = 9099

            [log]
            level = "debug"

            """);
    }

    public void Start()
    {
        Assert.False(IsRunning, $"canal-felix on {host.Name} already runs");
        log.Clear();
        process?.Dispose();
        process = new Process { StartInfo = Command() };
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Fails the test when the process is gone.</summary>
    public void AssertRunning()
    {
        if (!IsRunning)
            Assert.Fail(Story);
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> Terminate()
    {
        if (Native.Kill(Pid, Native.SIGTERM) != 0)
            throw Native.Failure($"send SIGTERM to {Pid}");
        using CancellationTokenSource limit = new(ExitLimit);
        await process!.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>Runs <c>canal-felix --cleanup</c> to its end.</summary>
    public Task Cleanup() => Run("--cleanup");

    /// <summary>Runs <c>canal-felix --restore</c> to its end, as the boot unit does.</summary>
    public Task Restore() => Run("--restore");

    /// <summary>The table kept for the next boot.</summary>
    public string KeptTable => Path.Combine(StateFolder, "last-known-good");

    /// <summary>What the agent keeps over a boot.</summary>
    public string StateFolder => Path.Combine(folder, "state");

    /// <summary>Runs canal-felix with these flags to its end, which must be a good one; returns what it prints.</summary>
    public async Task<string> Run(params string[] flags)
    {
        using Process command = Process.Start(Command(flags))!;
        Task<string> error = command.StandardError.ReadToEndAsync(), output = command.StandardOutput.ReadToEndAsync();
        using CancellationTokenSource limit = new(ExitLimit);
        await command.WaitForExitAsync(limit.Token);
        Assert.True(command.ExitCode == 0, $"canal-felix {string.Join(' ', flags)} exited with {command.ExitCode}: {await error}");
        return await output;
    }

    /// <summary>CPU time the process has used so far, of all its threads.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            process!.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Asks the control socket; returns the whole answer as text.</summary>
    public string Ask(string request)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(folder, "run", "felix.sock")));
        using NetworkStream stream = new(socket);
        stream.Write(System.Text.Encoding.UTF8.GetBytes(request + "\n"));
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>HTTP status of a health path, 0 when nothing answers.</summary>
    public async Task<int> Health(string path)
    {
        using SocketsHttpHandler handler = new() { UseProxy = false, ConnectCallback = Connect };
        using HttpClient http = new(handler) { Timeout = TimeSpan.FromSeconds(15) };
        try
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri("http://127.0.0.1:9099" + path));
            return (int)response.StatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return 0;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (IsRunning)
            Kill();
        File.WriteAllLines(Path.Combine(folder, "felix.log"), recent);
        process?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        log.Enqueue(line);
        recent.Enqueue(line);
    }

    private ProcessStartInfo Command(params string[] flags)
    {
        ProcessStartInfo start = new("ip", ["netns", "exec", host.Netns.Name, Binary.Find("canal-felix"), .. flags, "--config-dir", Path.Combine(folder, "config")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        start.Environment["STATE_DIRECTORY"] = Path.Combine(folder, "state");
        foreach ((string name, string value) in Environment)
            start.Environment[name] = value;
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment.Remove("JOURNAL_STREAM");
        return start;
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = host.Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
