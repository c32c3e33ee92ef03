using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Canal.Linux.Netlink;

namespace Canal.Linux.Namespaces;

/// <summary>Runs code in a network namespace. Sockets opened there stay there; the calling thread never leaves its own namespace.</summary>
public static class NetworkNamespace
{
    /// <summary>
    /// Runs the function on a thread of its own that has entered the namespace at the path (<c>/run/netns/x</c>, <c>/proc/PID/ns/net</c>).
    /// The function must be synchronous: what it awaits would continue elsewhere.
    /// </summary>
    public static T Run<T>(string path, Func<T> function) => OnThread(() => Enter(path), function);

    /// <summary>Runs the function in a new, empty namespace that vanishes with the last socket opened in it.</summary>
    public static T RunInNew<T>(Func<T> function) => OnThread(Unshare, function);

    private static T OnThread<T>(Action enter, Func<T> function)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                enter();
                result = function();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    private static void Enter(string path)
    {
        int fd = Native.Open(path, Native.O_RDONLY | Native.O_CLOEXEC);
        if (fd < 0) throw new NetlinkException($"open network namespace {path}", Marshal.GetLastPInvokeError());
        int result = Native.SetNs(fd, Native.CLONE_NEWNET);
        int errno = Marshal.GetLastPInvokeError();
        _ = Native.Close(fd);
        if (result < 0) throw new NetlinkException($"enter network namespace {path}", errno);
    }

    private static void Unshare()
    {
        if (Native.Unshare(Native.CLONE_NEWNET) < 0) throw new NetlinkException("make a network namespace", Marshal.GetLastPInvokeError());
    }
}
