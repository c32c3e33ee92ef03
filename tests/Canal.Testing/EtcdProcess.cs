using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Canal.Testing;

/// <summary>How an <see cref="EtcdProcess"/> is to run; the defaults are a plain member on loopback.</summary>
public sealed record EtcdProcessOptions
{
    /// <summary>Address to listen on, as written in a URL.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Port for clients; 0 picks a free one, in a namespace 2379.</summary>
    public int ClientPort { get; init; }

    /// <summary>Network namespace to run in (<c>ip netns</c>); null is the test's own.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Server certificate in PEM; with <see cref="KeyFile"/> makes the endpoint https.</summary>
    public string? CertFile { get; init; }

    /// <summary>Key of <see cref="CertFile"/> in PEM.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Authority: etcdctl checks the server against it, and the server checks client certificates against it if it wants any.</summary>
    public string? CaFile { get; init; }

    /// <summary>Certificate etcdctl shows; when given, the server demands one of every client.</summary>
    public string? ClientCertFile { get; init; }

    /// <summary>Key of <see cref="ClientCertFile"/>.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>Turns authentication on, with this password for root.</summary>
    public string? RootPassword { get; init; }

    /// <summary>Further arguments for etcd.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>
/// A real etcd of one member, its data in memory, on ports and data that stay the same through kills and restarts. Disposing, or the end of the test
/// process, kills it by its pid and removes the data.
/// </summary>
public sealed partial class EtcdProcess : IAsyncDisposable
{
    private const int Sigkill = 9, Sigterm = 15, Sigcont = 18, Sigstop = 19;
    private const string Ready = "ready to serve client requests";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EtcdProcessOptions options;
    private readonly string folder;
    private int clientPort;
    private int peerPort;
    private Process? process;
    private bool authenticated;

    private EtcdProcess(EtcdProcessOptions options)
    {
        this.options = options;
        folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"canal-etcd-{Guid.NewGuid():N}")).FullName;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <summary>Address for clients.</summary>
    public string Endpoint => $"{Scheme}://{options.Address}:{clientPort}";

    /// <summary>Port for clients; the same after every restart.</summary>
    public int Port => clientPort;

    /// <summary>Process id of the running etcd.</summary>
    public int Pid => process?.Id ?? throw new InvalidOperationException("etcd is not running");

    /// <summary>Where its data is; a folder for the test's own files lies beside it and goes with it.</summary>
    public string Folder => folder;

    /// <summary>What etcd has logged.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private string Scheme => options.CertFile is null ? "http" : "https";

    private string DataFolder => Path.Combine(folder, "data");

    private string LogFile => Path.Combine(folder, "log");

    private string PeerUrl => $"http://{options.Address}:{peerPort}";

    /// <summary>Starts etcd and waits until it serves clients.</summary>
    public static async Task<EtcdProcess> StartAsync(EtcdProcessOptions? options = null)
    {
        EtcdProcess etcd = new(options ?? new EtcdProcessOptions());
        try
        {
            await etcd.StartOnFreePortsAsync();
            if (etcd.options.RootPassword is { } password)
                await etcd.EnableAuthenticationAsync(password);
            return etcd;
        }
        catch
        {
            await etcd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again after <see cref="KillAsync"/> or <see cref="StopAsync"/>: same ports, same data.</summary>
    public async Task StartAgainAsync()
    {
        Launch();
        Assert(await BecomesReadyAsync(), $"etcd did not start: {Log}");
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => EndAsync(Sigkill);

    /// <summary>The orderly way: clients' streams are ended by the server.</summary>
    public Task StopAsync() => EndAsync(Sigterm);

    /// <summary>Stops it in its tracks (SIGSTOP): connections stay and nothing answers.</summary>
    public void Freeze()
    {
        Signal(Sigstop);
        // The signal is only queued by then; a request might still slip through.
        Assert(SpinWait.SpinUntil(IsStopped, Patience), "etcd does not stop");
    }

    /// <summary>Lets it go on after <see cref="Freeze"/>.</summary>
    public void Thaw() => Signal(Sigcont);

    /// <summary>Runs etcdctl against it and returns what it printed; throws with its complaint if it failed.</summary>
    public Task<string> CtlAsync(params IEnumerable<string> arguments)
    {
        List<string> all = ["--endpoints", Endpoint, "--dial-timeout", "30s", "--command-timeout", "60s"];
        AddOption(all, "--cacert", options.CaFile);
        AddOption(all, "--cert", options.ClientCertFile);
        AddOption(all, "--key", options.ClientKeyFile);
        AddOption(all, "--user", authenticated ? $"root:{options.RootPassword}" : null);
        all.AddRange(arguments);
        return RunAsync("etcdctl", all);
    }

    /// <summary>Saves a backup to a file beside the data.</summary>
    public async Task<string> BackUpAsync()
    {
        string file = Path.Combine(folder, $"backup-{Guid.NewGuid():N}");
        await CtlAsync("snapshot", "save", file);
        return file;
    }

    /// <summary>Replaces its data by a backup, as an operator does after a disaster: etcd is stopped, restored, and started on the same ports.</summary>
    public async Task RestoreAsync(string backup)
    {
        await StopAsync();
        Directory.Delete(DataFolder, true);
        await RunAsync("etcdctl", ["snapshot", "restore", backup, "--data-dir", DataFolder, "--name", "test",
            "--initial-cluster", $"test={PeerUrl}", "--initial-advertise-peer-urls", PeerUrl]);
        await StartAgainAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (process is not null)
            await KillAsync();
        Directory.Delete(folder, true);
    }

    private async Task StartOnFreePortsAsync()
    {
        // Between choosing a port and listening on it another process may take it.
        for (int tries = 1; ; tries++)
        {
            bool isolated = options.NetworkNamespace is not null;
            clientPort = options.ClientPort != 0 ? options.ClientPort : isolated ? 2379 : FreePort.Next();
            peerPort = isolated ? clientPort + 1 : FreePort.Next();
            Launch();
            if (await BecomesReadyAsync())
                return;
            Assert(tries < 5 && Log.Contains("address already in use", StringComparison.Ordinal), $"etcd did not start: {Log}");
            Directory.Delete(DataFolder, true);
        }
    }

    private void Launch()
    {
        List<string> arguments = ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1", "sh", LogFile];
        if (options.NetworkNamespace is { } name)
            arguments.AddRange(["ip", "netns", "exec", name]);
        arguments.AddRange(["etcd", "--name", "test", "--data-dir", DataFolder, "--unsafe-no-fsync",
            "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint, "--listen-peer-urls", PeerUrl,
            "--initial-advertise-peer-urls", PeerUrl, "--initial-cluster", $"test={PeerUrl}"]);
        AddOption(arguments, "--cert-file", options.CertFile);
        AddOption(arguments, "--key-file", options.KeyFile);
        if (options.ClientCertFile is not null)
            arguments.AddRange(["--client-cert-auth", "--trusted-ca-file", options.CaFile!]);
        arguments.AddRange(options.Arguments);
        // The log of the last run must not count as this one's.
        File.Delete(LogFile);
        // sh and ip both exec, so this pid is etcd's.
        process = Process.Start(new ProcessStartInfo("/bin/sh", arguments))!;
    }

    private async Task<bool> BecomesReadyAsync()
    {
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Patience; await Task.Delay(10))
        {
            if (Log.Contains(Ready, StringComparison.Ordinal))
                return true;
            if (process!.HasExited)
                break;
        }
        await KillAsync();
        return false;
    }

    private async Task EnableAuthenticationAsync(string password)
    {
        await CtlAsync("user", "add", $"root:{password}");
        await CtlAsync("user", "grant-role", "root", "root");
        await CtlAsync("auth", "enable");
        authenticated = true;
    }

    private async Task EndAsync(int signal)
    {
        if (process is not { } running)
            return;
        if (!running.HasExited)
            Signal(signal);
        using CancellationTokenSource enough = new(Patience);
        await running.WaitForExitAsync(enough.Token);
        running.Dispose();
        process = null;
    }

    /// <summary>State T of every thread, the field after the name in brackets (proc_pid_stat(5)).</summary>
    private bool IsStopped()
    {
        foreach (string thread in Directory.GetDirectories($"/proc/{Pid}/task"))
        {
            string stat = File.ReadAllText(Path.Combine(thread, "stat"));
            if (stat[stat.LastIndexOf(')') + 2] != 'T')
                return false;
        }
        return true;
    }

    private void Signal(int signal) => Assert(kill(Pid, signal) == 0, $"kill({Pid}, {signal}): errno {Marshal.GetLastPInvokeError()}");

    private void OnExit(object? sender, EventArgs e)
    {
        if (process is { HasExited: false } running)
            _ = kill(running.Id, Sigkill);
        Directory.Delete(folder, true);
    }

    private async Task<string> RunAsync(string program, List<string> arguments)
    {
        if (options.NetworkNamespace is { } name)
        {
            arguments.InsertRange(0, ["netns", "exec", name, program]);
            program = "ip";
        }
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ETCDCTL_API"] = "3";
        using Process run = Process.Start(start)!;
        Task<string> complaint = run.StandardError.ReadToEndAsync();
        string output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        Assert(run.ExitCode == 0, $"{program} {arguments[^1]} failed: {await complaint}");
        return output;
    }

    private static void AddOption(List<string> arguments, string name, string? value)
    {
        if (value is not null)
            arguments.AddRange([name, value]);
    }

    private static void Assert(bool holds, string complaint)
    {
        if (!holds)
            throw new InvalidOperationException(complaint);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
