using System.Diagnostics;
using System.Text;
using Canal.BirdConfigRenderer.Bird;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>One host of a live cluster: a namespace on the fabric, a block of addresses, the renderer, and the BIRD that it starts.</summary>
internal sealed class BgpHost : IDisposable
{
    private readonly string folder;
    private readonly StringBuilder log = new();
    private Process? renderer;

    public BgpHost(string name, int number, string namespaceName, string rootFolder)
    {
        (Name, Number) = (name, number);
        folder = Path.Combine(rootFolder, name);
        Netns = new Netns(namespaceName);
        foreach (string part in (string[])["config/bird.d", "run", "state", "secrets", "status"]) Directory.CreateDirectory(Path.Combine(folder, part));
        WriteSettings();
    }

    public string Name { get; }

    public int Number { get; }

    public Netns Netns { get; }

    public string Address => $"10.0.0.{Number}";

    public string Block => $"192.168.{Number}.0/26";

    public string BlockV6 => $"fd00:192:{Number}::/122";

    /// <summary>An address of the block that answers pings.</summary>
    public string Workload => $"192.168.{Number}.1";

    public string BirdSocketPath => Path.Combine(folder, "run", "bird.ctl");

    public string BirdConfig => Path.Combine(folder, "state", "bird.conf");

    public string SnippetsFolder => Path.Combine(folder, "config", "bird.d");

    public string SecretsFolder => Path.Combine(folder, "secrets");

    /// <summary>What the renderer has logged.</summary>
    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    public void Start()
    {
        ProcessStartInfo start = new(Program()) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("--config-dir");
        start.ArgumentList.Add(Path.Combine(folder, "config"));
        foreach (string name in (string[])["NOTIFY_SOCKET", "JOURNAL_STREAM"]) start.Environment.Remove(name);
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        start.Environment["STATE_DIRECTORY"] = Path.Combine(folder, "state");
        renderer = Netns.Run(() => Process.Start(start))!;
        renderer.ErrorDataReceived += (_, line) => Keep(line.Data);
        renderer.OutputDataReceived += (_, line) => Keep(line.Data);
        renderer.BeginErrorReadLine();
        renderer.BeginOutputReadLine();
    }

    /// <summary>Kills the renderer; BIRD goes on.</summary>
    public void Kill()
    {
        renderer?.Kill();
        renderer?.WaitForExit();
        renderer?.Dispose();
        renderer = null;
    }

    public void KillBird() => Netns.Shell($"for p in $(ip netns pids {Netns.Name}); do [ \"$(cat /proc/$p/comm)\" != bird ] || kill -9 $p; done");

    /// <summary>BIRD as it says it is; null when it does not answer.</summary>
    public async Task<BirdView?> Look()
    {
        try
        {
            return await BirdView.ReadAsync(BirdSocketPath, CancellationToken.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether the session is established.</summary>
    public async Task<bool> Established(string session) => (await Look())?.Sessions.GetValueOrDefault(session) is { IsEstablished: true };

    /// <summary>The kernel's routes.</summary>
    public string Routes(string family = "-4") => Netns.Shell($"ip {family} route show");

    /// <summary>Asks the renderer over its own program, as an operator does.</summary>
    public string Ask(string command)
    {
        ProcessStartInfo start = new(Program(), [command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    public void Dispose()
    {
        Kill();
        Netns.Dispose();
    }

    private void WriteSettings()
    {
        File.WriteAllText(Path.Combine(folder, "config", "canal.toml"), $"node_name = \"{Name}\"\n[etcd]\nendpoints = [\"http://{BgpCluster.EtcdAddress}:2379\"]\n");
        File.WriteAllText(Path.Combine(folder, "config", "bird-config-renderer.toml"), $"""
            bird_start = "direct"
            bird_socket = "{BirdSocketPath}"
            bird_config = "{BirdConfig}"
            secrets_dir = "{SecretsFolder}"
            endpoint_status_path_prefix = "{Path.Combine(folder, "status")}"
            status_interval = "300ms"
            graceful_restart_wait = "10s"

            """);
    }

    // The native binary where one was built, else the one beside this test.
    private static string Program()
    {
        const string name = "canal-bird-config-renderer";
        string native = Path.Combine(Environment.GetEnvironmentVariable("CANAL_BIN_DIR") ?? "", name);
        return File.Exists(native) ? native : Path.Combine(AppContext.BaseDirectory, name);
    }

    private void Keep(string? line)
    {
        lock (log) log.AppendLine(line);
    }
}
