using System.Globalization;
using System.Net.Sockets;
using Canal.Hosting;

namespace Canal.Docker;

/// <summary>
/// The socket on which Docker calls: the one that systemd listens on (sd_listen_fds(3)), so that Docker may start first and waits for the answer, else our own.
/// </summary>
internal sealed class PluginSocket : IDisposable
{
    private const int FirstPassed = 3;

    // Docker does not wait when the kernel's queue is full: its connect(2) fails.
    private const int Waiting = 1024;

    private readonly string? own;

    private PluginSocket(Socket listener, string? own) => (Listener, this.own) = (listener, own);

    public Socket Listener { get; }

    /// <summary>Takes systemd's socket, or makes one, mode 0600, in place of a dead daemon's.</summary>
    /// <exception cref="StartException">It cannot be listened on; a sentence with the path.</exception>
    public static PluginSocket Open(string path, IReadOnlyDictionary<string, string> environment)
    {
        bool passed = environment.GetValueOrDefault("LISTEN_FDS") == "1" && environment.GetValueOrDefault("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return passed ? new PluginSocket(new Socket(new SafeSocketHandle(FirstPassed, ownsHandle: true)), null) : new PluginSocket(StartException.For(() => Listen(path)), path);
    }

    public void Dispose()
    {
        // In this order: once the listener is closed, the name may already be another daemon's.
        if (own is not null && File.Exists(own)) File.Delete(own);
        Listener.Dispose();
    }

    private static Socket Listen(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return ControlSocketServer.ListenAt(path, UnixFileMode.UserRead | UnixFileMode.UserWrite, Waiting);
    }
}
