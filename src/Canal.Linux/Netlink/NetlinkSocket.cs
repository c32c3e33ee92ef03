using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Canal.Linux.Netlink;

/// <summary>
/// A netlink socket of the network namespace that the calling thread is in when it is opened; it stays there. Requests are synchronous (the kernel
/// answers in the same call); a monitor's events are awaited with <see cref="ReceiveAsync"/>. One user at a time.
/// </summary>
public sealed class NetlinkSocket : IDisposable
{
    private readonly Socket socket;
    private readonly int fd;

    private NetlinkSocket(int fd)
    {
        this.fd = fd;
        socket = new Socket(new SafeSocketHandle(fd, ownsHandle: true));
        PortId = ReadPortId();
    }

    /// <summary>nl_pid, which the kernel names in its answers and events.</summary>
    public uint PortId { get; }

    /// <summary>Opens a socket of a netlink protocol (NETLINK_ROUTE 0, NETLINK_NETFILTER 12) with CAP_ACK and EXT_ACK on.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetlinkSocket Open(int protocol, bool strict = false)
    {
        int fd = Check(Native.Socket(Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC, protocol), $"open netlink socket of protocol {protocol}");
        NetlinkSocket opened = new(fd);
        opened.SetOption(Native.SOL_NETLINK, Native.NETLINK_CAP_ACK, 1);
        opened.SetOption(Native.SOL_NETLINK, Native.NETLINK_EXT_ACK, 1);
        if (strict) opened.SetOption(Native.SOL_NETLINK, Native.NETLINK_GET_STRICT_CHK, 1);
        return opened;
    }

    /// <summary>Joins a multicast group (RTNLGRP_*, NFNLGRP_*).</summary>
    public void Join(int group) => SetOption(Native.SOL_NETLINK, Native.NETLINK_ADD_MEMBERSHIP, group);

    /// <summary>Sets the send buffer beyond wmem_max (needs CAP_NET_ADMIN). The kernel doubles the value; the largest datagram is that less 32 bytes.</summary>
    public void SetSendBuffer(int bytes) => SetOption(Native.SOL_SOCKET, Native.SO_SNDBUFFORCE, bytes);

    /// <summary>Sets the receive buffer beyond rmem_max (needs CAP_NET_ADMIN). The kernel doubles the value.</summary>
    public void SetReceiveBuffer(int bytes) => SetOption(Native.SOL_SOCKET, Native.SO_RCVBUFFORCE, bytes);

    /// <summary>Sets how long <see cref="Receive"/> waits where it is to; for ever without it.</summary>
    public unsafe void SetReceiveTimeout(TimeSpan timeout)
    {
        Native.TimeValue value = new() { Seconds = (nint)(long)timeout.TotalSeconds, Microseconds = (nint)(timeout.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond) };
        Check(Native.SetSockOpt(fd, Native.SOL_SOCKET, Native.SO_RCVTIMEO, (int*)&value, (uint)sizeof(Native.TimeValue)), "set a netlink socket's receive timeout");
    }

    /// <summary>
    /// Has the kernel drop datagrams whose first message was caused by this port (nlmsg_pid), before they are queued. A classic BPF filter; its loads
    /// are in network order, nlmsg_pid is in host order.
    /// </summary>
    public unsafe void IgnoreSender(uint portId)
    {
        const int PortOffset = 12;
        // BPF_LD | BPF_W | BPF_ABS; BPF_JMP | BPF_JEQ | BPF_K: equal goes on to "keep nothing"; BPF_RET | BPF_K.
        Native.SockFilter* filter = stackalloc Native.SockFilter[]
        {
            new() { Code = 0x20, Value = PortOffset },
            new() { Code = 0x15, Otherwise = 1, Value = BinaryPrimitives.ReverseEndianness(portId) },
            new() { Code = 0x06, Value = 0 },
            new() { Code = 0x06, Value = uint.MaxValue },
        };
        Native.SockProgram program = new() { Length = 4, Filter = filter };
        Check(Native.SetSockOpt(fd, Native.SOL_SOCKET, Native.SO_ATTACH_FILTER, (int*)&program, (uint)sizeof(Native.SockProgram)),
            $"attach a filter of port {portId} to a netlink socket");
    }

    /// <summary>Sends one datagram. For nf_tables this call is the transaction: when it returns the answers are queued.</summary>
    public unsafe void Send(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* start = datagram)
        {
            while (true)
            {
                nint sent = Native.Send(fd, start, (nuint)datagram.Length, 0);
                if (sent == datagram.Length) return;
                int errno = Marshal.GetLastPInvokeError();
                if (sent < 0 && errno == Errno.EINTR) continue;
                throw new NetlinkException($"send {datagram.Length} bytes to the kernel", sent < 0 ? errno : Errno.EMSGSIZE);
            }
        }
    }

    /// <summary>
    /// Receives one datagram into the buffer (32 KiB at least, the kernel's largest). Returns 0 when nothing is queued and <paramref name="wait"/> is false.
    /// </summary>
    /// <exception cref="NetlinkException">ENOBUFS: the kernel dropped answers or events, what is known is in doubt. ETIMEDOUT: none came in time.</exception>
    public unsafe int Receive(Span<byte> buffer, bool wait)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint received = Native.Recv(fd, start, (nuint)buffer.Length, Native.MSG_TRUNC | (wait ? 0 : Native.MSG_DONTWAIT));
                if (received > buffer.Length) throw new NetlinkException($"receive: a datagram of {received} bytes was cut to {buffer.Length}", Errno.EMSGSIZE);
                if (received >= 0) return (int)received;
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EAGAIN && !wait) return 0;
                if (errno != Errno.EINTR) throw new NetlinkException("receive from the kernel", errno == Errno.EAGAIN ? Errno.ETIMEDOUT : errno);
            }
        }
    }

    /// <summary>Awaits one datagram of events.</summary>
    /// <exception cref="NetlinkException">ENOBUFS: events were lost, re-read.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken stop)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, stop).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            throw new NetlinkException("receive from the kernel", Errno.ENOBUFS);
        }
        catch (SocketException e)
        {
            throw new NetlinkException("receive from the kernel", e.NativeErrorCode);
        }
    }

    public void Dispose() => socket.Dispose();

    private unsafe void SetOption(int level, int name, int value) =>
        Check(Native.SetSockOpt(fd, level, name, &value, sizeof(int)), $"set netlink socket option {level}/{name} to {value}");

    private unsafe uint ReadPortId()
    {
        Native.SockaddrNl address = new() { Family = Native.AF_NETLINK };
        uint length = (uint)sizeof(Native.SockaddrNl);
        Check(Native.Bind(fd, &address, length), "bind netlink socket");
        Check(Native.GetSockName(fd, &address, &length), "read the netlink socket's port");
        return address.Pid;
    }

    private static int Check(int result, string request) =>
        result >= 0 ? result : throw new NetlinkException(request, Marshal.GetLastPInvokeError());
}
