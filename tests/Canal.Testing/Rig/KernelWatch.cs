using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Canal.Testing.Rig;

/// <summary>
/// Records every notification of a change to nf_tables, routes, rules, links, addresses and permanent neighbours in a namespace (netlink(7), rtnetlink(7)).
/// Neighbour states other than permanent are the kernel's own doing and are left out.
/// </summary>
public sealed class KernelWatch : IDisposable
{
    // Group n is bit n-1. RTNLGRP: LINK 1, NEIGH 3, IPV4_IFADDR 5, IPV4_ROUTE 7, IPV4_RULE 8, IPV6_IFADDR 9, IPV6_ROUTE 11, IPV6_RULE 19 (linux/rtnetlink.h).
    private const uint RouteGroups = 1u << 0 | 1u << 2 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 10 | 1u << 18;
    // NFNLGRP_NFTABLES is 7 (linux/netfilter/nfnetlink.h).
    private const uint NftablesGroup = 1u << 6;
    private const int RTM_NEWNEIGH = 28;
    private const int RTM_DELNEIGH = 29;
    private const ushort NUD_PERMANENT = 0x80;
    // NFT_MSG numbers (linux/netfilter/nf_tables.h).
    private static readonly Dictionary<int, string> NftablesMessages = new()
    {
        [0] = "NEWTABLE",
        [2] = "DELTABLE",
        [3] = "NEWCHAIN",
        [5] = "DELCHAIN",
        [6] = "NEWRULE",
        [8] = "DELRULE",
        [9] = "NEWSET",
        [11] = "DELSET",
        [12] = "NEWSETELEM",
        [14] = "DELSETELEM",
        [15] = "NEWGEN",
        [18] = "NEWOBJ",
        [20] = "DELOBJ",
    };

    private readonly ConcurrentQueue<string> seen = new();
    private readonly int[] sockets;
    private readonly Thread[] threads;
    private volatile bool stopping;

    public KernelWatch(Netns netns)
    {
        sockets = [Open(netns, Native.NETLINK_ROUTE, RouteGroups), Open(netns, Native.NETLINK_NETFILTER, NftablesGroup)];
        threads = [new Thread(() => Listen(sockets[0], Describe)), new Thread(() => Listen(sockets[1], DescribeNftables))];
        foreach (Thread thread in threads)
            thread.Start();
    }

    /// <summary>Waits until the kernel has been silent for a second, and forgets what was seen: links that were just made report a while later what became of them.</summary>
    public async Task Settle()
    {
        await Standstill.Of(() => seen.Count, TimeSpan.FromSeconds(1), "the kernel does not fall silent");
        seen.Clear();
    }

    /// <summary>Waits out what is under way and returns all changes seen, such as <c>nftables NEWRULE</c> or <c>route NEWROUTE</c>.</summary>
    public IReadOnlyList<string> Stop()
    {
        stopping = true;
        foreach (Thread thread in threads)
            thread.Join();
        return [.. seen];
    }

    public void Dispose()
    {
        Stop();
        foreach (int socket in sockets)
            _ = Native.Close(socket);
    }

    private static int Open(Netns netns, int family, uint groups)
    {
        int socket = netns.Run(() => Native.OpenSocket(Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC, family));
        if (socket < 0)
            throw Native.Failure($"open a netlink socket in {netns.Name}");
        byte[] address = new byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(address, Native.AF_NETLINK);
        BinaryPrimitives.WriteUInt32LittleEndian(address.AsSpan(8), groups);
        byte[] timeout = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(timeout.AsSpan(8), 100_000);
        byte[] room = BitConverter.GetBytes(8 << 20);
        _ = Native.SetOption(socket, Native.SOL_SOCKET, Native.SO_RCVTIMEO, timeout, 16);
        _ = Native.SetOption(socket, Native.SOL_SOCKET, Native.SO_RCVBUFFORCE, room, 4);
        if (Native.Bind(socket, address, 12) != 0)
            throw Native.Failure($"subscribe to netlink groups {groups:x} in {netns.Name}");
        return socket;
    }

    private void Listen(int socket, Func<int, byte[], int, string?> describe)
    {
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            int length = (int)Native.Receive(socket, buffer, (nuint)buffer.Length, 0);
            if (length > 0)
                Read(buffer, length, describe);
            else if (Marshal.GetLastPInvokeError() != Native.EAGAIN)
                seen.Enqueue(Native.Failure("netlink receive").Message);
            else if (stopping)
                return;
        }
    }

    // struct nlmsghdr: length, type, flags, sequence, port (linux/netlink.h); messages are aligned to 4.
    private void Read(byte[] buffer, int length, Func<int, byte[], int, string?> describe)
    {
        for (int at = 0; at + 16 <= length;)
        {
            int size = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at));
            if (describe(BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 4)), buffer, at + 16) is { } change)
                seen.Enqueue(change);
            at += (size + 3) & ~3;
        }
    }

    // struct ndmsg: family, pad 3, ifindex 4, state 2 (linux/neighbour.h).
    private static string? Describe(int type, byte[] buffer, int body) => type switch
    {
        16 => "link NEWLINK",
        17 => "link DELLINK",
        20 => "address NEWADDR",
        21 => "address DELADDR",
        24 => "route NEWROUTE",
        25 => "route DELROUTE",
        RTM_NEWNEIGH or RTM_DELNEIGH => (BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(body + 8)) & NUD_PERMANENT) != 0 ? $"neighbour {type}" : null,
        _ => $"rtnetlink {type}",
    };

    // Every commit ends with a NEWGEN.
    private static string DescribeNftables(int type, byte[] buffer, int body) =>
        $"nftables {(NftablesMessages.TryGetValue(type & 0xff, out string? name) ? name : type & 0xff)}";
}
