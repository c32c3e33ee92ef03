using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Canal.Hosting;

/// <summary>Passes bytes to journald in a sealed memfd (memfd_create(2), fcntl(2) F_ADD_SEALS, unix(7) SCM_RIGHTS), the protocol's form for large entries.</summary>
internal static unsafe class SealedMemory
{
    /// <summary>Waits for a place in the receiver's queue as the socket's own mode and SO_SNDTIMEO say; false when that, or the making of the memfd, failed.</summary>
    /// <param name="address">A sockaddr_un.</param>
    public static bool TrySend(ReadOnlySpan<byte> content, SafeSocketHandle socket, ReadOnlySpan<byte> address)
    {
        int descriptor = Native.MemfdCreate("canal-journal", Native.MFD_CLOEXEC | Native.MFD_ALLOW_SEALING);
        if (descriptor < 0)
            return false;
        using SafeFileHandle memory = new(descriptor, ownsHandle: true);
        RandomAccess.Write(memory, content, fileOffset: 0);
        return Native.Fcntl(memory, Native.F_ADD_SEALS, Native.F_SEAL_ALL) == 0 && TrySendDescriptor(memory, socket, address);
    }

    private static bool TrySendDescriptor(SafeFileHandle memory, SafeSocketHandle socket, ReadOnlySpan<byte> address)
    {
        ControlMessage control = new()
        {
            Length = (nuint)(sizeof(ControlMessage) - sizeof(int)),
            Level = Native.SOL_SOCKET,
            Type = Native.SCM_RIGHTS,
            Descriptor = (int)memory.DangerousGetHandle(),
        };
        fixed (byte* name = address)
        {
            MessageHeader header = new() { Name = name, NameLength = (uint)address.Length, Control = &control, ControlLength = (nuint)sizeof(ControlMessage) };
            return Native.SendMsg(socket, &header, Native.MSG_NOSIGNAL) >= 0;
        }
    }

    /// <summary>struct msghdr, &lt;sys/socket.h&gt;, LP64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public void* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr with one descriptor, padded to CMSG_SPACE(sizeof(int)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlMessage
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
        private readonly int _padding;
    }
}
