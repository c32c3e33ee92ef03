using System.Runtime.InteropServices;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Linux.Iptables;

/// <summary>What the kernel tells of the tables of iptables-legacy without copying them: numbers of rules and their sizes.</summary>
internal static unsafe class LegacyGlance
{
    /// <summary>struct ipt_getinfo and ip6t_getinfo, linux/netfilter_ipv4/ip_tables.h: a name, then hooks' offsets, the number of entries and their size.</summary>
    private const int NameLength = 32;

    private const int EntriesAt = NameLength + 4 + (4 * 5) + (4 * 5);
    private const int Length = EntriesAt + 8;

    /// <summary>Adds those of the tables that are there; asking for another one would have the kernel make it, which costs every packet.</summary>
    /// <exception cref="IptablesException">The kernel does not tell.</exception>
    internal static void Add(IpFamily family, ref HashCode hash)
    {
        bool v4 = family == IpFamily.V4;
        string names = $"/proc/thread-self/net/{(v4 ? "ip_tables_names" : "ip6_tables_names")}";
        if (!File.Exists(names)) return;
        int socket = Native.Socket(v4 ? Native.AF_INET : Native.AF_INET6, Native.SOCK_DGRAM | Native.SOCK_CLOEXEC, 0);
        if (socket < 0) throw Failure("iptables");
        try
        {
            foreach (string table in File.ReadLines(names).Order(StringComparer.Ordinal)) Add(socket, v4 ? Native.SOL_IP : Native.SOL_IPV6, table, ref hash);
        }
        finally
        {
            _ = Native.Close(socket);
        }
    }

    private static void Add(int socket, int level, string table, ref HashCode hash)
    {
        byte* info = stackalloc byte[Length];
        new Span<byte>(info, Length).Clear();
        Encoding.ASCII.GetBytes(table, new Span<byte>(info, NameLength - 1));
        uint length = Length;
        if (Native.GetSockOpt(socket, level, Native.IPT_SO_GET_INFO, info, &length) < 0) throw Failure(table);
        hash.Add(level);
        hash.Add(table, StringComparer.Ordinal);
        hash.AddBytes(new ReadOnlySpan<byte>(info + EntriesAt, 8));
    }

    private static IptablesException Failure(string what) => new($"the kernel does not tell of {what}: {Errno.Describe(Marshal.GetLastPInvokeError())}");
}
