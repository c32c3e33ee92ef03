using System.Runtime.InteropServices;
using System.Text;

namespace Canal.Linux.Tunnels;

/// <summary>Whether a device is given packets without their checksums, to be filled in by hardware or by whoever wraps them (ethtool's tx-checksumming).</summary>
public static unsafe class ChecksumOffload
{
    private const int NameLength = 16;

    /// <summary>It is on.</summary>
    /// <exception cref="IOException">There is no such device, or it does not tell.</exception>
    public static bool IsOn(string device) => Ask(device, Native.ETHTOOL_GTXCSUM, 0) != 0;

    /// <summary>Switches it.</summary>
    /// <exception cref="IOException">There is no such device, or the kernel refuses.</exception>
    public static void Set(string device, bool on) => Ask(device, Native.ETHTOOL_STXCSUM, on ? 1u : 0);

    private static uint Ask(string device, uint command, uint value)
    {
        // struct ifreq: the name, and a pointer to struct ethtool_value.
        uint* question = stackalloc uint[] { command, value };
        byte* request = stackalloc byte[NameLength + 24];
        new Span<byte>(request, NameLength + 24).Clear();
        Encoding.ASCII.GetBytes(device, new Span<byte>(request, NameLength - 1));
        *(uint**)(request + NameLength) = question;
        int socket = Native.Socket(Native.AF_INET, Native.SOCK_DGRAM | Native.SOCK_CLOEXEC, 0);
        int failed = socket < 0 || Native.Ioctl(socket, Native.SIOCETHTOOL, (nint)request) < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (socket >= 0) _ = Native.Close(socket);
        return failed == 0 ? question[1] : throw new IOException($"checksum offload of {device}: {Errno.Describe(failed)}");
    }
}
