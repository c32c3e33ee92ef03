using System.Net;
using System.Net.Sockets;
using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Hosting;

/// <summary>
/// Asks another host, with datagrams to a port that nobody listens on, whether checksums that the kernel leaves open arrive right. It verifies a checksum before it
/// answers that the port is unreachable, also where its packet filter rejects. One that drops tells nothing, and neither does one that somebody listens at.
/// </summary>
/// <remarks>
/// Corking makes the kernel fill the checksum in itself (<c>MSG_MORE</c> in <c>__ip_append_data</c>), whatever the device offers; else both packets are alike. What goes
/// wrong only with large packets that a card cuts up is not found.
/// </remarks>
public static class ChecksumProbe
{
    /// <summary>Where traceroute begins, and nobody listens.</summary>
    private const int Port = 33434;

    private const int Length = 200;
    private const int IPPROTO_UDP = 17;
    private const int UDP_CORK = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Linux answers one host about six times at once and then once a second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1100);

    /// <summary>Tries until there is a verdict: a millisecond where all is well, 20 s where it is not.</summary>
    public static async Task<ChecksumVerdict> TryAsync(IpAddress host, TimeProvider time, CancellationToken stop)
    {
        ChecksumTrial trial = new();
        while (true)
        {
            bool open = await IsAnsweredAsync(host, fill: false, time, stop).ConfigureAwait(false), filled = false;
            if (!open)
            {
                await Task.Delay(Pause, time, stop).ConfigureAwait(false);
                filled = await IsAnsweredAsync(host, fill: true, time, stop).ConfigureAwait(false);
            }
            if (trial.Note(open, filled) is { } verdict) return verdict;
            await Task.Delay(Pause, time, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Sends one datagram and waits for an answer. Whatever keeps it from being sent is no answer.</summary>
    private static async Task<bool> IsAnsweredAsync(IpAddress host, bool fill, TimeProvider time, CancellationToken stop)
    {
        using Socket socket = new(host.Family == IpFamily.V4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        using CancellationTokenSource late = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        byte[] datagram = new byte[Length];
        "canal: do checksums arrive?"u8.CopyTo(datagram);
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Parse(host.ToString()), Port));
            if (fill) socket.SetRawSocketOption(IPPROTO_UDP, UDP_CORK, BitConverter.GetBytes(1));
            socket.Send(datagram);
            if (fill) socket.SetRawSocketOption(IPPROTO_UDP, UDP_CORK, BitConverter.GetBytes(0));
            await socket.ReceiveAsync(datagram, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }
}
