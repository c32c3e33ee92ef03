using System.Diagnostics;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>One etcd in the fabric's namespace, on 10.100.0.254:2379. Stopping and starting keeps its data.</summary>
public sealed class EtcdServer : IDisposable
{
    private readonly Netns fabric;
    private readonly string folder;
    private Process? process;

    internal EtcdServer(Netns fabric, string folder)
    {
        this.fabric = fabric;
        this.folder = folder;
    }

    /// <summary>Starts etcd and returns when it serves. What it loses in a power cut is nobody's loss here.</summary>
    public async Task Start()
    {
        string data = Path.Combine(folder, "etcd"), log = Path.Combine(folder, "etcd.log");
        string script = $"exec etcd --data-dir {data} --name e --unsafe-no-fsync --listen-client-urls http://10.100.0.254:2379,http://127.0.0.1:2379 --advertise-client-urls http://10.100.0.254:2379"
            + $" --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster e=http://127.0.0.1:2380 >>{log} 2>&1";
        process = fabric.Run(() => Process.Start("sh", ["-c", script]));
        await Poll.Until(Serves, TimeSpan.FromSeconds(60), () => $"etcd did not answer; see {log}");
    }

    /// <summary>Kills etcd at once; clients see their connections reset.</summary>
    public void Stop()
    {
        process?.Kill();
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }

    public void Dispose() => Stop();

    private async ValueTask<bool> Serves()
    {
        using Socket socket = fabric.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("10.100.0.254", 2379);
            await using NetworkStream stream = new(socket);
            await stream.WriteAsync("GET /health HTTP/1.0\r\n\r\n"u8.ToArray());
            using StreamReader reader = new(stream);
            return (await reader.ReadToEndAsync()).Contains("\"health\":\"true\"", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
