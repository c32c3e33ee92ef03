using System.Buffers.Binary;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Iptables;

/// <summary>What the kernel tells of sets without their members: names and how many members they have (linux/netfilter/ipset/ip_set.h).</summary>
internal static class IpsetGlance
{
    /// <summary>NFNL_SUBSYS_IPSET in the upper byte, IPSET_CMD_LIST in the lower.</summary>
    private const ushort List = 0x607;

    private const int NfGenMsgLength = 4;
    private const ushort IPSET_ATTR_PROTOCOL = 1;
    private const ushort IPSET_ATTR_SETNAME = 2;
    private const ushort IPSET_ATTR_FLAGS = 6;
    private const ushort IPSET_ATTR_DATA = 7;
    private const ushort IPSET_ATTR_ELEMENTS = 24;
    private const uint IPSET_FLAG_LIST_HEADER = 1 << 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Understood since Linux 2.6.39.</summary>
    private const byte Protocol = 6;

    /// <summary>Adds those whose names begin so.</summary>
    /// <exception cref="IptablesException">The kernel does not tell.</exception>
    internal static void Add(string prefix, ref HashCode hash)
    {
        try
        {
            using NetlinkSocket socket = NetlinkSocket.Open(NETLINK_NETFILTER);
            socket.SetReceiveTimeout(Patience);
            socket.Send(Request());
            byte[] wanted = Encoding.ASCII.GetBytes(prefix), buffer = new byte[64 * 1024];
            while (Take(buffer.AsSpan(0, socket.Receive(buffer, wait: true)), wanted, ref hash))
            {
            }
        }
        catch (NetlinkException e)
        {
            throw new IptablesException($"ipset: {e.Message}", inner: e);
        }
    }

    private static ReadOnlySpan<byte> Request()
    {
        NetlinkBuffer buffer = new(64);
        NetlinkWriter writer = new(buffer);
        int message = writer.BeginMessage(List, NLM_F_REQUEST | NLM_F_DUMP, 1);
        writer.Header(NfGenMsgLength)[0] = Native.AF_INET;
        writer.Byte(IPSET_ATTR_PROTOCOL, Protocol);
        writer.UInt32BigEndian(IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
        writer.EndMessage(message);
        return buffer.Written;
    }

    /// <summary>Returns whether more comes.</summary>
    private static bool Take(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> prefix, ref HashCode hash)
    {
        NetlinkReader reader = new(datagram);
        while (reader.Next())
        {
            NetlinkMessage message = reader.Current;
            if (message.Type == NLMSG_DONE) return false;
            if (message.Type == NLMSG_ERROR) return BinaryPrimitives.ReadInt32LittleEndian(message.Payload) is var errno and < 0 ? throw new IptablesException($"ipset: {Errno.Describe(-errno)}") : false;
            NetlinkAttributes set = message.Attributes(NfGenMsgLength);
            if (!set.Find(IPSET_ATTR_SETNAME).StartsWith(prefix)) continue;
            hash.AddBytes(set.Find(IPSET_ATTR_SETNAME));
            hash.AddBytes(new NetlinkAttributes(set.Find(IPSET_ATTR_DATA)).Find(IPSET_ATTR_ELEMENTS));
        }
        return true;
    }
}
