using System.Diagnostics;
using System.Text;
using Canal.Hosting;

namespace Canal.Testing.Rig;

/// <summary>A real renderer, with all its files in one folder.</summary>
public sealed class RendererProcess : IDisposable
{
    private readonly string folder;
    private readonly string node;
    private readonly StringBuilder log = new();
    private Process? process;

    /// <param name="folder">Made when it is not there.</param>
    /// <param name="node">Its node_name.</param>
    /// <param name="etcd">The datastore's URL.</param>
    public RendererProcess(string folder, string node, string etcd)
    {
        (this.folder, this.node) = (folder, node);
        foreach (string part in (string[])["config/bird.d", "run", "state", "secrets", "status/endpoint-status"]) Directory.CreateDirectory(Path.Combine(folder, part));
        File.WriteAllText(Path.Combine(folder, "config", "canal.toml"), $"node_name = \"{node}\"\n[etcd]\nendpoints = [\"{etcd}\"]\n");
        Configure();
    }

    public string BirdSocketPath => Path.Combine(folder, "run", "bird.ctl");

    public string BirdConfig => Path.Combine(folder, "state", "bird.conf");

    /// <summary>The socket of BIRD 1.6's process for IPv6.</summary>
    public string Bird6SocketPath => Path.Combine(folder, "run", "bird6.ctl");

    /// <summary>The file for BIRD 1.6's process for IPv6.</summary>
    public string Bird6Config => Path.Combine(folder, "state", "bird6.conf");

    public string SnippetsFolder => Path.Combine(folder, "config", "bird.d");

    public string SecretsFolder => Path.Combine(folder, "secrets");

    /// <summary>What <c>endpoint_status_path_prefix</c> says.</summary>
    public string StatusPrefix => Path.Combine(folder, "status");

    /// <summary>The folder in it.</summary>
    public string StatusFolder => Path.Combine(StatusPrefix, "endpoint-status");

    /// <summary>What it has logged.</summary>
    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    public bool HasExited => process is { HasExited: true };

    /// <summary>Writes its settings anew: these lines, and the usual ones that they do not replace.</summary>
    public void Configure(params IReadOnlyCollection<string> lines)
    {
        string[] usual =
        [
            "bird_start = \"direct\"", $"bird_socket = \"{BirdSocketPath}\"", $"bird_config = \"{BirdConfig}\"", $"bird6_socket = \"{Bird6SocketPath}\"", $"bird6_config = \"{Bird6Config}\"", $"secrets_dir = \"{SecretsFolder}\"",
            $"endpoint_status_path_prefix = \"{StatusPrefix}\"", "status_interval = \"300ms\"", "graceful_restart_wait = \"10s\"",
        ];
        IEnumerable<string> kept = usual.Where(line => !lines.Any(l => l.StartsWith(line[..line.IndexOf('=')], StringComparison.Ordinal)));
        File.WriteAllLines(Path.Combine(folder, "config", "bird-config-renderer.toml"), [.. lines, .. kept]);
    }

    /// <summary>Starts it, in a network namespace where one is given.</summary>
    public void Start(Netns? where = null)
    {
        ProcessStartInfo start = StartInfo(["--config-dir", Path.Combine(folder, "config")]);
        start.Environment["STATE_DIRECTORY"] = Path.Combine(folder, "state");
        foreach (string name in (string[])["NOTIFY_SOCKET", "JOURNAL_STREAM"]) start.Environment.Remove(name);
        process = where is null ? Process.Start(start)! : where.Run(() => Process.Start(start))!;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Kills it; BIRD goes on.</summary>
    public void Kill()
    {
        process?.Kill();
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }

    /// <summary>Asks it over its own program, as an operator does; what that says.</summary>
    public string Ask(string command)
    {
        using Process asking = Process.Start(StartInfo([command]))!;
        string output = asking.StandardOutput.ReadToEnd() + asking.StandardError.ReadToEnd();
        asking.WaitForExit();
        return output;
    }

    /// <summary>Asks it over its socket.</summary>
    public Task<ControlResponse> AskAsync(string request, CancellationToken stop) => ControlSocketClient.AskAsync(Path.Combine(folder, "run", "bird-config-renderer.sock"), request, stop);

    public void Dispose() => Kill();

    public override string ToString() => $"the renderer of {node}";

    private ProcessStartInfo StartInfo(IEnumerable<string> arguments) => new(Program(), arguments)
    {
        RedirectStandardError = true,
        RedirectStandardOutput = true,
        Environment = { ["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run") },
    };

    // The native binary where one was built, else the one beside a test of its own project.
    private static string Program()
    {
        const string name = "canal-bird-config-renderer";
        string beside = Path.Combine(AppContext.BaseDirectory, name);
        bool isBuilt = Environment.GetEnvironmentVariable("CANAL_BIN_DIR") is { Length: > 0 } folder && File.Exists(Path.Combine(folder, name));
        return isBuilt || !File.Exists(beside) ? Binary.Find(name) : beside;
    }

    private void Keep(string? line)
    {
        lock (log) log.AppendLine(line);
    }
}
