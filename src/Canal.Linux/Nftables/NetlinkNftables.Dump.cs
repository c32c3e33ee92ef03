using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Requests that are answered with what the kernel holds.</summary>
public sealed partial class NetlinkNftables
{
    private uint sequence;

    private delegate void MessageReader(NetlinkMessage message);

    /// <summary>
    /// Asks for all objects of a kind. 0, or the errno; EINTR when someone committed meanwhile, so that what was read may be of two generations.
    /// </summary>
    private int Dump(int type, string table, string? name, MessageReader read)
    {
        SendRequest(type, NLM_F_DUMP, table, name);
        bool interrupted = false;
        while (true)
        {
            NetlinkReader reader = new(Receive(table));
            while (reader.Next())
            {
                NetlinkMessage message = reader.Current;
                if (message.Sequence != sequence) continue;
                interrupted |= (message.Flags & NLM_F_DUMP_INTR) != 0;
                if (message.Type == NLMSG_DONE) return Status(message) is int status and not 0 ? status : interrupted ? Errno.EINTR : 0;
                if (NetlinkError.TryRead(message, out NetlinkError error)) return error.Errno;
                read(message);
            }
            if (reader.IsMalformed) throw new NftException($"read table {table}: a malformed answer", Errno.EINVAL);
        }
    }

    /// <summary>Asks for one object; 0, or the errno.</summary>
    private int Get(int type, string? table, string? name, MessageReader read)
    {
        SendRequest(type, 0, table, name);
        while (true)
        {
            NetlinkReader reader = new(Receive(table));
            while (reader.Next())
            {
                if (reader.Current.Sequence != sequence) continue;
                if (NetlinkError.TryRead(reader.Current, out NetlinkError error)) return error.Errno;
                read(reader.Current);
                return 0;
            }
        }
    }

    private ReadOnlySpan<byte> Receive(string? table)
    {
        try
        {
            return received.AsSpan(0, socket.Receive(received, wait: true));
        }
        catch (NetlinkException e)
        {
            throw new NftException($"read table {table}: {e.Message}", e.Errno);
        }
    }

    private void SendRequest(int type, ushort flags, string? table, string? name)
    {
        Drain();
        request.Clear();
        NetlinkWriter writer = new(request);
        int message = writer.BeginMessage((ushort)((NFNL_SUBSYS_NFTABLES << 8) | type), (ushort)(NLM_F_REQUEST | flags), ++sequence);
        writer.Header(4)[0] = NFPROTO_INET;
        if (table is not null) writer.String(NFTA_TABLE, table);
        // Attribute 2 is the chain of GETRULE and the set of GETSET and GETSETELEM.
        if (name is not null) writer.String(2, name);
        writer.EndMessage(message);
        Send(request.Written, table);
    }

    /// <summary>A dump that failed midway says so in its DONE.</summary>
    private static int Status(NetlinkMessage done) => done.Payload.Length < 4 ? 0 : -BinaryPrimitives.ReadInt32LittleEndian(done.Payload);
}
