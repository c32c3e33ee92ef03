using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Canal.Testing.Rig;

/// <summary>
/// A network namespace made by <c>ip netns add</c>. A socket belongs for ever to the namespace of the thread that made it, and a forked process starts in it,
/// so entering for the length of one synchronous call is all a test needs (setns(2), network_namespaces(7)).
/// </summary>
public sealed class Netns : IDisposable
{
    private const string Folder = "/run/netns";
    private static readonly SafeFileHandle Own = File.OpenHandle("/proc/self/ns/net");
    private readonly SafeFileHandle handle;

    /// <summary>Opens an existing namespace by the name that <c>ip netns list</c> shows.</summary>
    public Netns(string name)
    {
        Name = name;
        handle = File.OpenHandle(Path.Combine(Folder, name));
    }

    public string Name { get; }

    /// <summary>Runs a synchronous call with the calling thread inside the namespace. The call must not await.</summary>
    public T Run<T>(Func<T> inside)
    {
        if (Native.SetNamespace(handle, Native.CLONE_NEWNET) != 0)
            throw Native.Failure($"enter network namespace {Name}");
        try
        {
            return inside();
        }
        finally
        {
            // A pool thread left behind in another namespace would poison every later test.
            if (Native.SetNamespace(Own, Native.CLONE_NEWNET) != 0)
                Environment.FailFast(Native.Failure("return to the namespace of the test process").Message);
        }
    }

    /// <inheritdoc cref="Run{T}"/>
    public void Run(Action inside) => Run(() =>
    {
        inside();
        return true;
    });

    /// <summary>A socket that lives in the namespace.</summary>
    public Socket Socket(AddressFamily family, SocketType type, ProtocolType protocol) => Run(() => new Socket(family, type, protocol));

    /// <summary>A raw IP socket for any protocol number; protocol 255 sends packets with the caller's own IP header (raw(7)).</summary>
    public Socket RawSocket(AddressFamily family, byte protocol)
    {
        int domain = family == AddressFamily.InterNetwork ? Native.AF_INET : Native.AF_INET6;
        int descriptor = Run(() => Native.OpenSocket(domain, Native.SOCK_RAW | Native.SOCK_CLOEXEC, protocol));
        if (descriptor < 0)
            throw Native.Failure($"open a raw socket for protocol {protocol} in {Name}");
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Writes a sysctl, given as a path below /proc/sys, which shows the namespace of the reading thread.</summary>
    public void WriteSysctl(string path, string value) => Run(() => File.WriteAllText("/proc/sys/" + path, value));

    /// <summary>Reads a sysctl, given as a path below /proc/sys; null when the interface is gone.</summary>
    public string? ReadSysctl(string path) => Run(() => File.Exists("/proc/sys/" + path) ? File.ReadAllText("/proc/sys/" + path).Trim() : null);

    /// <summary>Runs a shell script inside the namespace and returns its standard output; a failure is an exception with its standard error.</summary>
    public string Shell(string script) => Command.Shell(script, this);

    public void Dispose() => handle.Dispose();
}
