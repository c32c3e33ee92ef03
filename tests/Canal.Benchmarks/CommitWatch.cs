using System.Diagnostics;
using Canal.Linux;
using Canal.Linux.Netlink;

namespace Canal.Benchmarks;

/// <summary>Hears the changes of nf_tables in this namespace, as the kernel tells them at each commit, and says when one came that holds given bytes.</summary>
internal sealed class CommitWatch : IDisposable
{
    // NETLINK_NETFILTER and NFNLGRP_NFTABLES (linux/netlink.h, linux/netfilter/nfnetlink.h).
    private const int Protocol = 12;
    private const int Group = 7;

    private readonly NetlinkSocket socket = NetlinkSocket.Open(Protocol);
    private readonly byte[] received = new byte[64 << 10];

    public CommitWatch()
    {
        socket.SetReceiveBuffer(64 << 20);
        socket.Join(Group);
    }

    /// <summary>Forgets what has come so far.</summary>
    public void Drain()
    {
        while (ReceiveNow() != 0)
        {
        }
    }

    /// <summary>The moment (<see cref="Stopwatch.GetTimestamp"/>) at which a change with these bytes came. The measuring thread's waking up is in it.</summary>
    /// <exception cref="TimeoutException">None came within 30 s.</exception>
    public long Find(ReadOnlySpan<byte> pattern, string what)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        try
        {
            while (true)
            {
                int length = socket.ReceiveAsync(received, limit.Token).AsTask().GetAwaiter().GetResult();
                if (received.AsSpan(0, length).IndexOf(pattern) >= 0) return Stopwatch.GetTimestamp();
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{what} did not reach the kernel within 30 s");
        }
    }

    public void Dispose() => socket.Dispose();

    private int ReceiveNow()
    {
        try
        {
            return socket.Receive(received, wait: false);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
        {
            return -1;
        }
    }
}
