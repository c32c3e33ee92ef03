using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting;

/// <summary>
/// Tells systemd how the daemon is (sd_notify(3)). Without <c>NOTIFY_SOCKET</c> it tells nobody. Each method returns whether the message was delivered; a caller may well ignore
/// that, as systemd itself notices what it is not told.
/// </summary>
public sealed class SystemdNotifier : IDisposable
{
    // systemd reads its socket at once; should it not, a late message is better than a stuck daemon.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly TimeProvider _clock;

    private SystemdNotifier(string? address, TimeProvider clock)
    {
        _clock = clock;
        if (string.IsNullOrEmpty(address))
            return;
        if (address[0] is not ('/' or '@'))
            throw new FormatException($"NOTIFY_SOCKET={EscapedText.Of(address)}: neither a path nor an abstract address");
        _address = new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = (int)Patience.TotalMilliseconds };
    }

    /// <exception cref="FormatException">NOTIFY_SOCKET is set to something that is no address of a unix socket.</exception>
    public static SystemdNotifier FromEnvironment(IReadOnlyDictionary<string, string> environment, TimeProvider clock) =>
        new(environment.GetValueOrDefault("NOTIFY_SOCKET"), clock);

    /// <summary>Start-up, or a reload, is complete.</summary>
    public bool Ready(string status) => Send($"READY=1\n{StatusLine(status)}");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public bool Status(string status) => Send(StatusLine(status));

    /// <summary>A reload begins; <see cref="Ready"/> ends it. Carries the monotonic time, which <c>Type=notify-reload</c> wants.</summary>
    public bool Reloading() => Send($"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}");

    public bool Stopping(string status) => Send($"STOPPING=1\n{StatusLine(status)}");

    /// <summary>The main loop is alive. To be sent from inside it: <see cref="WatchdogTimer"/>.</summary>
    public bool Watchdog() => Send("WATCHDOG=1");

    public void Dispose() => _socket?.Dispose();

    private static string StatusLine(string status) => $"STATUS={EscapedText.Of(status)}";

    // TimeProvider's timestamp is CLOCK_MONOTONIC on Linux, the clock that systemd means.
    private Int128 MonotonicMicroseconds() => (Int128)_clock.GetTimestamp() * 1_000_000 / _clock.TimestampFrequency;

    private bool Send(string message)
    {
        if (_socket is null)
            return false;
        try
        {
            byte[] datagram = Encoding.UTF8.GetBytes(message);
            return _socket.SendTo(datagram, _address!) == datagram.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
