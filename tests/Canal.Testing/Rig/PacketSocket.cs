using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Canal.Testing.Rig;

/// <summary>An AF_PACKET socket of the namespace it is opened in: sends whole Ethernet frames on any link, and sees all that arrive on any.</summary>
public sealed unsafe partial class PacketSocket : IDisposable
{
    private const int AF_PACKET = 17;
    private const int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0x800 | 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_RCVBUFFORCE = 33;
    private const ushort ETH_P_ALL_NETWORK_ORDER = 0x0300;
    private const byte PACKET_OUTGOING = 4;
    private const int EAGAIN = 11;
    private const short POLLIN = 1;

    private readonly int fd;

    /// <summary>Opens it in the namespace of the calling thread.</summary>
    public PacketSocket()
    {
        fd = Check(Socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, ETH_P_ALL_NETWORK_ORDER), "open a packet socket");
        int size = 16 << 20;
        Check(SetSockOpt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(int)), "enlarge its buffer");
    }

    /// <summary>Sends a frame.</summary>
    public void Send(int link, ReadOnlySpan<byte> frame)
    {
        SockaddrLl to = new() { Family = AF_PACKET, Protocol = BitConverter.ToUInt16(frame[12..14]), Index = link };
        fixed (byte* bytes = frame) Check((int)SendTo(fd, bytes, (nuint)frame.Length, 0, &to, (uint)sizeof(SockaddrLl)), $"send on link {link}");
    }

    /// <summary>The next frame that arrived, with the link it arrived on; false when there is none within the time.</summary>
    public bool TryReceive(TimeSpan wait, Span<byte> into, out int length, out int link)
    {
        while (true)
        {
            SockaddrLl from;
            uint size = (uint)sizeof(SockaddrLl);
            fixed (byte* bytes = into) length = (int)RecvFrom(fd, bytes, (nuint)into.Length, 0, &from, &size);
            link = from.Index;
            if (length >= 0 && from.PacketType != PACKET_OUTGOING) return true;
            if (length >= 0) continue;
            if (Marshal.GetLastPInvokeError() != EAGAIN) Check(length, "receive");
            PollFd poll = new() { Fd = fd, Events = POLLIN };
            if (Poll(&poll, 1, (int)wait.TotalMilliseconds) <= 0) return false;
        }
    }

    /// <summary>Binds the calling thread to one CPU: what it sends through veths is then received in the order in which it was sent.</summary>
    public static void StayOnOneCpu()
    {
        ulong mask = 1UL << (SchedGetCpu() & 63);
        Check(SchedSetAffinity(0, sizeof(ulong), &mask), "stay on one CPU");
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Close(fd);

    private static int Check(int result, string what) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [StructLayout(LayoutKind.Sequential)]
    private struct SockaddrLl
    {
        internal ushort Family, Protocol;
        internal int Index;
        internal ushort Hardware;
        internal byte PacketType, AddressLength;
        internal ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        internal int Fd;
        internal short Events, Happened;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetSockOpt(int fd, int level, int name, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(int fd, byte* buffer, nuint length, int flags, SockaddrLl* to, uint size);

    [LibraryImport("libc", EntryPoint = "recvfrom", SetLastError = true)]
    private static partial nint RecvFrom(int fd, byte* buffer, nuint length, int flags, SockaddrLl* from, uint* size);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "sched_getcpu", SetLastError = true)]
    private static partial int SchedGetCpu();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SchedSetAffinity(int thread, nuint size, ulong* mask);
}
