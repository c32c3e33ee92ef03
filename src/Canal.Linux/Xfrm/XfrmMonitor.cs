using Canal.Linux.Netlink;
using static Canal.Linux.Xfrm.XfrmConstants;

namespace Canal.Linux.Xfrm;

/// <summary>Hears that others change the IPsec policies of the network namespace of the thread that opened it.</summary>
public sealed class XfrmMonitor : IDisposable
{
    private readonly NetlinkSocket socket;
    private readonly uint ownPort;
    private readonly byte[] received = new byte[64 * 1024];

    private XfrmMonitor(NetlinkSocket socket, uint ownPort) => (this.socket, this.ownPort) = (socket, ownPort);

    /// <param name="ownPort">Changes of this port are no news.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static XfrmMonitor Open(uint ownPort)
    {
        NetlinkSocket socket = NetlinkSocket.Open(NETLINK_XFRM);
        try
        {
            socket.Join(XFRMNLGRP_POLICY);
            return new XfrmMonitor(socket, ownPort);
        }
        catch (NetlinkException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Returns once somebody else changed a policy, or may have while nobody heard.</summary>
    public async ValueTask WaitAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                int length = await socket.ReceiveAsync(received, stop).ConfigureAwait(false);
                if (HasNews(received.AsSpan(0, length))) return;
            }
            catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
            {
                return;
            }
        }
    }

    private bool HasNews(ReadOnlySpan<byte> datagram)
    {
        NetlinkReader reader = new(datagram);
        while (reader.Next())
            if (reader.Current.PortId != ownPort) return true;
        return false;
    }

    public void Dispose() => socket.Dispose();
}
