using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Canal.Linux.Tunnels;

/// <summary>
/// The program's end of a TUN device: what the kernel routes to the device is read here, what is written here the kernel receives from it. The device is in the
/// network namespace of the thread that opened it, and stays when the program ends; whoever opens it next goes on with it.
/// </summary>
public sealed unsafe class TunDevice : IDisposable
{
    private const int RequestLength = 40;
    private const int NameLength = 16;
    private const int EAGAIN = 11;

    private readonly int fd;

    private TunDevice(int fd) => this.fd = fd;

    /// <exception cref="IOException">There is no such thing in this kernel, or another program has the device.</exception>
    public static TunDevice Open(string name)
    {
        int fd = Native.Open("/dev/net/tun", Native.O_RDWR | Native.O_NONBLOCK | Native.O_CLOEXEC);
        if (fd < 0) throw Failure("open /dev/net/tun");
        TunDevice device = new(fd);
        try
        {
            byte* request = stackalloc byte[RequestLength];
            Span<byte> bytes = new(request, RequestLength);
            bytes.Clear();
            Encoding.ASCII.GetBytes(name, bytes[..(NameLength - 1)]);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[NameLength..], Native.IFF_TUN | Native.IFF_NO_PI);
            if (Native.Ioctl(fd, Native.TUNSETIFF, (nint)request) < 0) throw Failure($"open the device {name}");
            if (Native.Ioctl(fd, Native.TUNSETPERSIST, 1) < 0) throw Failure($"keep the device {name}");
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Waits until there is something to read, or the device is gone.</summary>
    public bool Wait(int milliseconds)
    {
        Native.PollFd poll = new() { Fd = fd, Events = Native.POLLIN };
        return Native.Poll(&poll, 1, milliseconds) > 0;
    }

    /// <summary>One packet; 0 when there is none.</summary>
    /// <exception cref="IOException">The device is gone.</exception>
    public int Read(Span<byte> into)
    {
        fixed (byte* buffer = into)
        {
            nint length = Native.Read(fd, buffer, (nuint)into.Length);
            return length >= 0 ? (int)length : Marshal.GetLastPInvokeError() == EAGAIN ? 0 : throw Failure("read packets");
        }
    }

    /// <summary>Gives the kernel a packet; false when it does not take it: the device is down, or the packet is none.</summary>
    public bool Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* buffer = packet) return Native.Write(fd, buffer, (nuint)packet.Length) == packet.Length;
    }

    public void Dispose() => _ = Native.Close(fd);

    private static IOException Failure(string what) => new($"{what}: {Errno.Describe(Marshal.GetLastPInvokeError())}");
}
